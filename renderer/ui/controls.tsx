import "./controls.css";
import { type ComponentProps, type ReactNode, useId } from "react";
import { Icon, type IconName } from "./icons.tsx";

export interface ButtonProps extends ComponentProps<"button"> {
  readonly look?: "primary" | "plain" | undefined;
  readonly size?: "large" | "small" | undefined;
  readonly icon?: IconName | undefined;
}

export function Button({ look, size, icon, className = "", children, ...rest }: ButtonProps) {
  return (
    <button type="button" className={`button ${look ?? ""} ${size ?? ""} ${className}`} {...rest}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** A button that shows an icon alone; `label` is its name and its tooltip. */
export function IconButton({
  icon,
  label,
  ...rest
}: { readonly icon: IconName; readonly label: string } & ComponentProps<"button">) {
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} {...rest}>
      <Icon name={icon} />
    </button>
  );
}

export interface Segment<V extends string> {
  readonly value: V;
  readonly label: string;
  readonly icon?: IconName;
  readonly hint?: string;
  /** Shown beside the label. */
  readonly count?: ReactNode;
}

/** One of a few; a radio group, so arrow keys move within it. */
export function Segmented<V extends string>(props: {
  readonly label: string;
  readonly value: V;
  readonly segments: readonly Segment<V>[];
  readonly onChange: (value: V) => void;
}) {
  const name = useId();
  return (
    <div className="segmented" role="radiogroup" aria-label={props.label}>
      {props.segments.map(({ value, label, icon, hint, count }) => (
        <label key={value} className={icon ? "icon-only" : ""} title={hint ?? (icon && label)}>
          <input
            type="radio"
            className="visually-hidden"
            name={name}
            checked={value === props.value}
            onChange={() => props.onChange(value)}
          />
          {icon ? <Icon name={icon} /> : null}
          <span className={icon ? "visually-hidden" : ""}>{label}</span>
          {count !== undefined && <span className="count">{count}</span>}
        </label>
      ))}
    </div>
  );
}

/** `ratio`: 0 to 1, `null` while unknown. */
export function ProgressBar(props: {
  readonly ratio: number | null;
  readonly label: string;
  readonly done?: boolean;
}) {
  const { ratio, label, done = false } = props;
  return (
    <span
      className={`progress ${ratio === null ? "unknown" : ""} ${done ? "done" : ""}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(ratio !== null && { "aria-valuenow": Math.floor(ratio * 100) })}
    >
      <span style={ratio === null ? undefined : { transform: `scaleX(${ratio})` }} />
    </span>
  );
}

export function Notice(props: {
  readonly bad?: boolean;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <div className={`notice ${props.bad ? "bad" : ""}`} role={props.bad ? "alert" : "status"}>
      <div className="words">{props.children}</div>
      {props.action}
    </div>
  );
}
