import { useId } from "react";

/** What can be behind a picture. */
export const BACKGROUNDS = ["black", "grey", "white"] as const;
export type Background = (typeof BACKGROUNDS)[number];

/** Chooses what is behind a picture; a radio group. */
export function Swatches(props: {
  readonly label: string;
  readonly name: (background: Background) => string;
  readonly value: Background;
  readonly onChange: (value: Background) => void;
}) {
  const group = useId();
  return (
    <span className="swatches" role="radiogroup" aria-label={props.label}>
      {BACKGROUNDS.map((background) => (
        <label key={background} className={background} title={props.name(background)}>
          <input
            type="radio"
            className="visually-hidden"
            name={group}
            aria-label={props.name(background)}
            checked={background === props.value}
            onChange={() => props.onChange(background)}
          />
        </label>
      ))}
    </span>
  );
}
