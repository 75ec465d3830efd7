import { useId } from "react";
import { useStore } from "zustand";
import type { TemplateSummary } from "#contracts/ipc.ts";
import type { JobValueName } from "#contracts/mark.ts";
import type { MarkSpec } from "#contracts/mark-spec.ts";
import { useText } from "../../app/messages/text.tsx";
import { useServices } from "../../app/services.tsx";
import { Button, Notice, Segmented } from "../../ui/controls.tsx";
import { Slider } from "../../ui/slider.tsx";
import { AnchorPicker } from "./anchor-picker.tsx";
import { MarkLook } from "./mark-look.tsx";

/** Opacity and size as the sliders offer them, in percent. */
const OPACITY = { min: 5, max: 100, step: 5 };
const SIZE = { min: 1, max: 20, step: 1 };

export function MarkPanel() {
  const { t } = useText();
  const { importing } = useServices();
  const mark = useStore(importing.store, (state) => state.mark);
  const defaultMark = useStore(importing.store, (state) => state.defaultMark);
  const chosen = useStore(importing.store, (state) => state.template);
  const templates = useStore(importing.store, (state) => state.templates);
  const empty = mark.text.trim() === "";
  const set = (change: Partial<MarkSpec>) => importing.setMark(change);
  return (
    <section className="mark-panel" aria-labelledby="mark-title">
      <header>
        <h2 id="mark-title">{t("mark.title")}</h2>
        {chosen === null && JSON.stringify(mark) !== JSON.stringify(defaultMark) && (
          <Button look="plain" size="small" onClick={() => set(defaultMark)}>
            {t("mark.reset")}
          </Button>
        )}
      </header>
      {templates.length > 0 && (
        <label className="field">
          <span className="field-head">{t("mark.by")}</span>
          <select
            className="text-field"
            value={chosen ?? ""}
            onChange={(event) => importing.setTemplate(event.target.value || null)}
          >
            <option value="">{t("mark.by.text")}</option>
            {templates.map(({ name }) => (
              <option key={name} value={name}>
                {t("mark.by.template", name)}
              </option>
            ))}
          </select>
        </label>
      )}
      {chosen === null ? (
        <TextMark mark={mark} empty={empty} set={set} />
      ) : (
        <TemplateMark template={templates.find(({ name }) => name === chosen)} />
      )}
    </section>
  );
}

/** What is to be known of a template before it is used. */
function TemplateMark({ template }: { template: TemplateSummary | undefined }) {
  const { t } = useText();
  const { navigation } = useServices();
  return (
    <>
      {template && template.errors > 0 && (
        <Notice bad>{t(template.inForce === null ? "mark.by.unusable" : "mark.by.broken")}</Notice>
      )}
      {template && template.asks.length > 0 && <JobValues asks={template.asks} />}
      <div>
        <Button icon="marks" onClick={() => navigation.go({ name: "marks" })}>
          {t("mark.edit")}
        </Button>
      </div>
    </>
  );
}

/** What a template asks of the job. */
function JobValues({ asks }: { readonly asks: readonly JobValueName[] }) {
  const { t } = useText();
  const { importing } = useServices();
  const values = useStore(importing.store, (state) => state.values);
  const hint = useId();
  return (
    <div className="values">
      {asks.map((name) => (
        <label key={name} className="field">
          <span className="field-head">{t(`mark.value.${name}`)}</span>
          <input
            className="text-field"
            value={values[name] ?? ""}
            maxLength={200}
            spellCheck={false}
            aria-describedby={hint}
            onChange={(event) => importing.setValue(name, event.target.value)}
          />
        </label>
      ))}
      <p id={hint} className="quiet small">
        {t("mark.values")}
      </p>
    </div>
  );
}

function TextMark(props: {
  readonly mark: MarkSpec;
  readonly empty: boolean;
  readonly set: (change: Partial<MarkSpec>) => void;
}) {
  const { mark, empty, set } = props;
  const { t, f } = useText();
  return (
    <>
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
          <AnchorPicker value={mark.position} onChange={(position) => set({ position })} />
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
    </>
  );
}
