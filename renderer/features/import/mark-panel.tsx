import { useStore } from "zustand";
import { ANCHORS, type MarkSpec } from "#contracts/mark-spec.ts";
import { useText } from "../../app/messages/text.tsx";
import { useServices } from "../../app/services.tsx";
import { Button, Segmented } from "../../ui/controls.tsx";
import { MarkLook } from "./mark-look.tsx";

/** Opacity and size as the sliders offer them, in percent. */
const OPACITY = { min: 5, max: 100, step: 5 };
const SIZE = { min: 1, max: 20, step: 1 };

export function MarkPanel() {
  const { t, f } = useText();
  const { importing } = useServices();
  const mark = useStore(importing.store, (state) => state.mark);
  const defaultMark = useStore(importing.store, (state) => state.defaultMark);
  const empty = mark.text.trim() === "";
  const set = (change: Partial<MarkSpec>) => importing.setMark(change);
  return (
    <section className="mark-panel" aria-labelledby="mark-title">
      <header>
        <h2 id="mark-title">{t("mark.title")}</h2>
        {JSON.stringify(mark) !== JSON.stringify(defaultMark) && (
          <Button look="plain" size="small" onClick={() => set(defaultMark)}>
            {t("mark.reset")}
          </Button>
        )}
      </header>
      <MarkLook mark={mark} />
      <div className="field">
        <label className="field-head" htmlFor="mark-text">
          {t("mark.text")}
        </label>
        <input
          id="mark-text"
          className="text-field"
          value={mark.text}
          maxLength={200}
          spellCheck={false}
          aria-invalid={empty}
          aria-describedby={empty ? "mark-text-empty" : undefined}
          onChange={(event) => set({ text: event.target.value })}
        />
        {empty && (
          <p id="mark-text-empty" className="quiet">
            {t("mark.text.empty")}
          </p>
        )}
      </div>
      <div className="pair">
        <div className="field">
          <span className="field-head">{t("mark.position")}</span>
          <div className="places" role="radiogroup" aria-label={t("mark.position")}>
            {ANCHORS.map((anchor) => (
              <label key={anchor} title={t(`mark.position.${anchor}`)}>
                <input
                  type="radio"
                  className="visually-hidden"
                  name="mark-position"
                  aria-label={t(`mark.position.${anchor}`)}
                  checked={anchor === mark.position}
                  onChange={() => set({ position: anchor })}
                />
              </label>
            ))}
          </div>
        </div>
        <div className="sliders">
          <Slider
            id="mark-opacity"
            label={t("mark.opacity")}
            shown={f.percent(mark.opacity)}
            value={Math.round(mark.opacity * 100)}
            {...OPACITY}
            onChange={(percent) => set({ opacity: percent / 100 })}
          />
          <Slider
            id="mark-size"
            label={t("mark.size")}
            shown={t("mark.size.value", mark.size)}
            value={Math.round(mark.size * 100)}
            {...SIZE}
            onChange={(percent) => set({ size: percent / 100 })}
          />
        </div>
      </div>
      <Segmented
        label={t("mark.color")}
        value={mark.color.toLowerCase() === "#000000" ? "black" : "white"}
        segments={[
          { value: "white", label: t("mark.color.white") },
          { value: "black", label: t("mark.color.black") },
        ]}
        onChange={(color) => set({ color: color === "black" ? "#000000" : "#ffffff" })}
      />
    </section>
  );
}

function Slider(props: {
  readonly id: string;
  readonly label: string;
  readonly shown: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly onChange: (value: number) => void;
}) {
  const { id, label, shown, onChange, ...range } = props;
  return (
    <div className="field">
      <span className="field-head">
        <label htmlFor={id}>{label}</label>
        <output htmlFor={id}>{shown}</output>
      </span>
      <input
        id={id}
        type="range"
        {...range}
        aria-valuetext={shown}
        onChange={(event) => onChange(Number(event.target.value))}
      />
    </div>
  );
}
