// The language of the page. Two tables of about 2 kB each (compressed) do not need a library; that
// both say everything is a matter of types (fr is a Messages), and of a test.
import { preferences } from "../app/preferences.svelte";
import { en, type Messages } from "./en";
import { fr } from "./fr";

export const tables = { en, fr } satisfies Record<string, Messages>;
export type Locale = keyof typeof tables;
export const locales = Object.keys(tables) as Locale[];

/** The first of the wished languages that there is. */
export function choose_locale(wished: readonly string[]): Locale {
  for (const tag of wished) {
    const primary = tag.toLowerCase().split("-")[0];
    const found = locales.find((locale) => locale === primary);
    if (found) return found;
  }
  return "en";
}

class Language {
  #locale = $state<Locale>(
    choose_locale([...(preferences.locale ? [preferences.locale] : []), ...navigator.languages]),
  );

  get locale(): Locale {
    return this.#locale;
  }

  set locale(locale: Locale) {
    this.#locale = locale;
    preferences.locale = locale;
    document.documentElement.lang = locale;
  }

  /** The messages. */
  get m(): Messages {
    return tables[this.#locale];
  }
}

export const language = new Language();
document.documentElement.lang = language.locale;
