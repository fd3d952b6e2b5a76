// Numbers, sizes and times in words, by language. French puts a narrow no-break space before the
// high punctuation and the percent sign; Intl does that for numbers, the tables for sentences.
const cached = new Map<string, Intl.NumberFormat>();

function format(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = locale + JSON.stringify(options);
  let made = cached.get(key);
  if (!made) cached.set(key, (made = new Intl.NumberFormat(locale, options)));
  return made;
}

export const count = (locale: string, n: number) => format(locale, {}).format(n);

/** "CA" as "Canada". */
export const region = (locale: string, code: string) =>
  new Intl.DisplayNames(locale, { type: "region" }).of(code) ?? code;

/** 1,234 as "1.2K": for the narrow places. */
export const compact = (locale: string, n: number) =>
  format(locale, { notation: "compact", maximumFractionDigits: 1 }).format(n);

/** 0..1; never says 100 before it is. */
export const percent = (locale: string, fraction: number) =>
  format(locale, { style: "percent", maximumFractionDigits: 0 }).format(
    Math.floor(Math.min(1, Math.max(0, fraction)) * 100) / 100,
  );

/** With a true minus. */
export const decimals = (locale: string, value: number, digits = 2) =>
  format(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits })
    .format(value)
    .replace("-", "−");

/** With its sign always. */
export const signed = (locale: string, value: number) =>
  format(locale, {
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
    signDisplay: "exceptZero",
  })
    .format(value)
    .replace("-", "−");

export function bytes(locale: string, n: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  let value = n;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return format(locale, {
    style: "unit",
    unit: units[unit] ?? "byte",
    unitDisplay: "short",
    maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0,
  }).format(value);
}

/** "11 min 02 s", "45 s". */
export function duration(locale: string, ms: number): string {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const space = locale === "fr" ? "\u202f" : "\u00a0";
  const rest = seconds % 60;
  if (minutes === 0) return `${rest}${space}s`;
  if (rest === 0) return `${minutes}${space}min`;
  return `${minutes}${space}min ${String(rest).padStart(2, "0")}${space}s`;
}

export const date = (locale: string, rfc3339: string) =>
  new Intl.DateTimeFormat(locale, { dateStyle: "long" }).format(new Date(rfc3339));

/** "18:04:09": of today, or lately. */
export const clock_time = (locale: string, rfc3339: string) =>
  new Intl.DateTimeFormat(locale, { timeStyle: "medium" }).format(new Date(rfc3339));

const names = new Map<string, Intl.DisplayNames>();

/** "French", "Brazilian Portuguese"; the tag itself where nobody knows a name. */
export function language_name(locale: string, tag: string): string {
  let known = names.get(locale);
  if (!known) names.set(locale, (known = new Intl.DisplayNames(locale, { type: "language" })));
  let name: string;
  try {
    name = known.of(tag) ?? tag;
  } catch {
    name = tag;
  }
  return name.charAt(0).toLocaleUpperCase(locale) + name.slice(1);
}

/** Offered where a language is chosen: the widely spoken ones. The API takes any. */
const OFFERED =
  "ar bg bn ca cs da de el en es et eu fa fi fr ga gl he hi hr hu hy id is it ja ka ko lt lv mk ms nb nl pa pl pt pt-br ro ru sk sl sq sr sv sw ta te th tl tr uk ur vi zh-hans zh-hant".split(" ");

/** With their names in `locale`, and by these in order. */
export const languages_of = (locale: string) =>
  OFFERED.map((tag) => ({ tag, name: language_name(locale, tag) })).sort((a, b) =>
    a.name.localeCompare(b.name, locale),
  );
