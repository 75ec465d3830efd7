import { useId } from "react";
import { ANCHORS, type Anchor } from "#contracts/mark-spec.ts";
import { useText } from "../../app/messages/text.tsx";

/** The nine places on a picture; a radio group, so arrow keys move within it. `value` is none of them: none is chosen. */
export function AnchorPicker(props: {
  readonly value: string;
  readonly disabled?: boolean;
  readonly onChange: (anchor: Anchor) => void;
}) {
  const { t } = useText();
  const name = useId();
  return (
    <div className="places" role="radiogroup" aria-label={t("mark.position")}>
      {ANCHORS.map((anchor) => (
        <label key={anchor} title={t(`mark.position.${anchor}`)}>
          <input
            type="radio"
            className="visually-hidden"
            name={name}
            aria-label={t(`mark.position.${anchor}`)}
            checked={anchor === props.value}
            disabled={props.disabled}
            onChange={() => props.onChange(anchor)}
          />
        </label>
      ))}
    </div>
  );
}
