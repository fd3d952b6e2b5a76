// What this browser remembers. Storage may be missing or full: then nothing is remembered, and
// nothing else changes.
export type Theme = "system" | "dark" | "light";

function read(name: string): string | undefined {
  try {
    return localStorage.getItem(`rondo.${name}`) ?? undefined;
  } catch {
    return undefined;
  }
}

/** False when it could not be kept. */
function write(name: string, value: string): boolean {
  try {
    localStorage.setItem(`rondo.${name}`, value);
    return true;
  } catch {
    return false; // private mode, or full
  }
}

// What browsers with a data saver of their own tell; the others have no such object.
type Connection = EventTarget & { saveData?: boolean };
const connection = (navigator as Navigator & { connection?: Connection }).connection;

class Preferences {
  #theme = $state<Theme>(parse_theme(read("theme")));
  #show_learned = $state(read("learned") !== "off");
  #sound = read("sound") === "on";
  #captions = $state(read("captions") ?? "off");
  #data_saver = $state(parse_switch(read("data_saver")));
  #browser_saves = $state(connection?.saveData === true);

  constructor() {
    connection?.addEventListener?.("change", () => (this.#browser_saves = connection.saveData === true));
  }

  get theme(): Theme {
    return this.#theme;
  }
  set theme(theme: Theme) {
    this.#theme = theme;
    write("theme", theme);
    apply_theme(theme);
  }

  /** The chip that says what the feed has learned. */
  get show_learned(): boolean {
    return this.#show_learned;
  }
  set show_learned(show: boolean) {
    this.#show_learned = show;
    write("learned", show ? "on" : "off");
  }

  get sound(): boolean {
    return this.#sound;
  }
  set sound(on: boolean) {
    this.#sound = on;
    write("sound", on ? "on" : "off");
  }

  /** "off", or the language of the captions chosen last. */
  get captions(): string {
    return this.#captions;
  }
  set captions(language: string) {
    this.#captions = language;
    write("captions", language);
  }

  /** Small videos, nothing fetched for decoration. As the browser wishes, until somebody says here. */
  get data_saver(): boolean {
    return this.#data_saver ?? this.#browser_saves;
  }
  set data_saver(on: boolean) {
    this.#data_saver = on;
    write("data_saver", on ? "on" : "off");
  }

  get locale(): string | undefined {
    return read("locale");
  }
  set locale(locale: string) {
    write("locale", locale);
  }
}

/** True once in the life of this browser's storage; false also when there is none. */
export function first_visit(): boolean {
  return read("visited") === undefined && write("visited", "yes");
}

function parse_theme(text: string | undefined): Theme {
  return text === "dark" || text === "light" ? text : "system";
}

function parse_switch(text: string | undefined): boolean | undefined {
  return text === "on" ? true : text === "off" ? false : undefined;
}

const light = matchMedia("(prefers-color-scheme: light)");

function apply_theme(theme: Theme): void {
  const dark = theme === "dark" || (theme === "system" && !light.matches);
  document.documentElement.dataset["theme"] = dark ? "dark" : "light";
}

export const preferences = new Preferences();
apply_theme(preferences.theme);
light.addEventListener("change", () => apply_theme(preferences.theme));
