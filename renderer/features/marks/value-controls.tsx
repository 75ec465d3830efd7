import { useText } from "../../app/messages/text.tsx";
import { Slider } from "../../ui/slider.tsx";
import { AnchorPicker } from "../import/anchor-picker.tsx";
import { type ControlChange, controlEdit } from "./layer-edits.ts";
import {
  type Control,
  colorValue,
  controlsOf,
  type EditableLayer,
  fontValue,
  lengthValue,
  numberValue,
  type ShownLength,
  textValue,
  wordValue,
} from "./layer-values.ts";
import { FONTS } from "./marks-store.ts";

export interface ValueControlsProps {
  /** What `layers` were read from. */
  readonly text: string;
  readonly layers: readonly EditableLayer[];
  readonly chosen: number;
  readonly onChoose: (layer: number) => void;
  readonly onText: (text: string) => void;
}

const PERCENT = { min: 0.5, max: 30, step: 0.5 };
const MARGIN = { min: 0, max: 20, step: 0.5 };
const PIXELS = { min: 0, max: 2_000, step: 1 };

/** The common values of one layer. What they change is the text, and there one value alone. */
export function ValueControls({ text, layers, chosen, onChoose, onText }: ValueControlsProps) {
  const { t, f } = useText();
  const layer = layers[chosen];
  if (!layer) return <p className="quiet">{t("marks.noLayer")}</p>;
  const change = (wanted: ControlChange) => {
    const edit = controlEdit(text, layer, wanted);
    if (edit) onText(text.slice(0, edit.start) + edit.insert + text.slice(edit.end));
  };
  const has = (control: Control) => controlsOf(layer.kind).includes(control);
  const words = textValue(text, layer);
  const opacity = numberValue(layer, "opacity").value;
  const rotation = numberValue(layer, "rotation").value;
  const color = colorValue(layer).value;
  return (
    <div className="values">
      {layers.length > 1 && (
        <label className="field">
          <span className="field-head">{t("marks.layer")}</span>
          <select
            className="text-field"
            value={chosen}
            onChange={(event) => onChoose(Number(event.target.value))}
          >
            {layers.map((each, i) => (
              <option key={each.start} value={i}>
                {t(`marks.layer.${each.kind}`, excerpt(text, each))}
              </option>
            ))}
          </select>
        </label>
      )}
      {has("text") && (
        <label className="field">
          <span className="field-head">{t("mark.text")}</span>
          <input
            className="text-field"
            spellCheck={false}
            disabled={words === null}
            value={words ?? t("marks.onlyText")}
            onChange={(event) => change({ control: "text", value: event.target.value })}
          />
        </label>
      )}
      <div className="pair">
        <div className="field">
          <span className="field-head">{t("mark.position")}</span>
          <AnchorPicker
            value={wordValue(layer, "anchor").value ?? ""}
            disabled={wordValue(layer, "anchor").value === null}
            onChange={(value) => change({ control: "anchor", value })}
          />
        </div>
        <div className="sliders">
          <Slider
            id="marks-opacity"
            label={t("mark.opacity")}
            shown={opacity === null ? t("marks.onlyText") : f.percent(opacity)}
            value={Math.round((opacity ?? 0) * 100)}
            disabled={opacity === null}
            min={0}
            max={100}
            step={1}
            onChange={(percent) => change({ control: "opacity", value: percent / 100 })}
          />
          <LengthSlider
            id="marks-size"
            label={t("mark.size")}
            value={lengthValue(layer, "size").value}
            range={PERCENT}
            onChange={(value) => change({ control: "size", value })}
          />
        </div>
      </div>
      <div className="two">
        <LengthSlider
          id="marks-margin"
          label={t("marks.margin")}
          value={lengthValue(layer, "margin").value}
          range={MARGIN}
          onChange={(value) => change({ control: "margin", value })}
        />
        <Slider
          id="marks-rotation"
          label={t("marks.rotation")}
          shown={rotation === null ? t("marks.onlyText") : t("marks.degrees", rotation)}
          value={rotation ?? 0}
          disabled={rotation === null}
          min={-180}
          max={180}
          step={1}
          onChange={(value) => change({ control: "rotation", value })}
        />
        {has("font") && (
          <FontChoice
            value={fontValue(layer, FONTS[0]!.family).value}
            onChange={(value) => change({ control: "font", value })}
          />
        )}
        {has("color") && (
          <label className="field">
            <span className="field-head">{t("mark.color")}</span>
            <input
              type="color"
              className="text-field color-field"
              disabled={color === null}
              value={longColor(color ?? "#000000")}
              onChange={(event) => change({ control: "color", value: event.target.value })}
            />
          </label>
        )}
      </div>
    </div>
  );
}

function FontChoice(props: { readonly value: string | null; readonly onChange: (family: string) => void }) {
  const { t } = useText();
  const { value } = props;
  const isKnown = FONTS.some(({ family }) => family === value);
  return (
    <label className="field">
      <span className="field-head">{t("marks.font")}</span>
      <select
        className="text-field"
        value={value ?? ""}
        disabled={value === null}
        onChange={(event) => props.onChange(event.target.value)}
      >
        {!isKnown && <option value={value ?? ""}>{value ?? t("marks.onlyText")}</option>}
        {FONTS.map(({ family }) => (
          <option key={family}>{family}</option>
        ))}
      </select>
    </label>
  );
}

function LengthSlider(props: {
  readonly id: string;
  readonly label: string;
  readonly value: ShownLength | null;
  readonly range: { readonly min: number; readonly max: number; readonly step: number };
  readonly onChange: (value: ShownLength) => void;
}) {
  const { t, f } = useText();
  const { id, label, value, onChange } = props;
  return (
    <Slider
      id={id}
      label={label}
      shown={value === null ? t("marks.onlyText") : shownLength(value)}
      value={value?.amount ?? 0}
      disabled={value === null}
      {...(value?.unit === "px" ? PIXELS : props.range)}
      onChange={(amount) => value && onChange({ ...value, amount })}
    />
  );

  function shownLength({ amount, unit, side }: ShownLength): string {
    if (unit === "px") return `${f.n(amount)} px`;
    const percent = f.percentTenths(amount / 100);
    const known = side as "short_side" | "long_side" | "width" | "height";
    return side === "short_side" ? percent : t("marks.of", percent, t(`marks.side.${known}`));
  }
}

/** How a layer is called in the list: what it shows, in short. */
function excerpt(text: string, layer: EditableLayer): string {
  const written = layer.content ? text.slice(layer.content.span.start, layer.content.span.end) : "";
  return written.length > 32 ? `${written.slice(0, 31)}…` : written;
}

/** `#abc` as colour fields want it. */
function longColor(color: string): string {
  return color.length === 4 ? `#${[...color.slice(1)].map((digit) => digit + digit).join("")}` : color;
}
