import { useEffect, useRef } from "react";
import { IconButton } from "../ui/controls.tsx";
import type { MessageKey } from "./messages/en.ts";
import { useText } from "./messages/text.tsx";

type Line = readonly [keys: readonly string[], what: MessageKey];

const SECTIONS: readonly (readonly [title: MessageKey, lines: readonly Line[]])[] = [
  [
    "keys.in.list",
    [
      [["↑", "↓", "Home", "End"], "keys.move"],
      [["Enter", "C"], "keys.open"],
      [["1", "2", "3"], "keys.filters"],
      [["R"], "keys.retry"],
      [["V"], "keys.view"],
    ],
  ],
  [
    "keys.in.compare",
    [
      [["←", "→"], "keys.move"],
      [["Z"], "keys.zoom"],
      [["S"], "keys.mode"],
      [["B"], "keys.background"],
      [["R"], "keys.retry"],
    ],
  ],
  [
    "keys.in.marks",
    [
      [["Ctrl S"], "keys.save"],
      [["Ctrl Space"], "keys.complete"],
      [["F8"], "keys.nextProblem"],
      [["Shift Alt F"], "keys.format"],
      [["Z"], "keys.zoom"],
      [["S"], "keys.beforeAfter"],
      [["B"], "keys.background"],
    ],
  ],
  [
    "keys.in.all",
    [
      [["N"], "keys.import"],
      [["M"], "keys.marks"],
      [["I"], "keys.inspector"],
      [["Esc"], "keys.back"],
      [["?"], "keys.help"],
    ],
  ],
];

export function KeysDialog({ onClose }: { onClose: () => void }) {
  const { t } = useText();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="keys" aria-labelledby="keys-title" onClose={onClose}>
      <header>
        <h2 id="keys-title">{t("keys.title")}</h2>
        <IconButton icon="close" label={t("action.close")} onClick={() => dialog.current?.close()} />
      </header>
      {SECTIONS.map(([title, lines]) => (
        <section key={title}>
          <h3>{t(title)}</h3>
          <dl>
            {lines.map(([keys, what]) => (
              <KeyLine key={what} keys={keys} words={t(what)} />
            ))}
          </dl>
        </section>
      ))}
    </dialog>
  );
}

function KeyLine({ keys, words }: { keys: readonly string[]; words: string }) {
  return (
    <>
      <dt>{words}</dt>
      <dd>
        {keys.map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dd>
    </>
  );
}
