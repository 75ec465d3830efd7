import { createContext, type ReactNode, useContext, useEffect, useMemo } from "react";
import type { ErrorBody } from "#kernel/errors.ts";
import { en, type MessageArguments, type MessageKey, type Messages } from "./en.ts";
import { createFormat, type Format, type Language } from "./format.ts";
import { reasonText } from "./reasons.ts";
import { zh } from "./zh.ts";

export interface Text {
  readonly language: Language;
  readonly f: Format;
  readonly t: <K extends MessageKey>(key: K, ...rest: MessageArguments<K>) => string;
  readonly reason: (error: ErrorBody) => string;
}

const CATALOGUE: Readonly<Record<Language, Messages>> = { en: en as Messages, zh };

export function createText(language: Language): Text {
  const f = createFormat(language);
  const messages = CATALOGUE[language];
  return {
    language,
    f,
    t: (key, ...rest) => {
      const message = messages[key] as string | ((format: Format, ...rest: readonly unknown[]) => string);
      return typeof message === "string" ? message : message(f, ...rest);
    },
    reason: (error) => reasonText(language, error),
  };
}

/** The first of the system's languages that the catalogue speaks. */
export function systemLanguage(languages: readonly string[]): Language {
  for (const language of languages) {
    if (/^zh\b/i.test(language)) return "zh";
    if (/^en\b/i.test(language)) return "en";
  }
  return "en";
}

const TextContext = createContext<Text>(createText("en"));

export function TextProvider({ language, children }: { language: Language; children: ReactNode }) {
  const text = useMemo(() => createText(language), [language]);
  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  }, [language]);
  return <TextContext value={text}>{children}</TextContext>;
}

export function useText(): Text {
  return useContext(TextContext);
}
