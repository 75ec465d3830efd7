import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { useText } from "../../app/messages/text.tsx";

const STEP = 0.02;

/** The border between original and marked: dragged, or moved by the arrow keys while it has the focus. */
export function Divider(props: {
  readonly split: number;
  readonly width: number;
  readonly onSplit: (split: number) => void;
}) {
  const { split, width, onSplit } = props;
  const { t, f } = useText();
  const dragging = useRef(false);
  const move = (value: number) => onSplit(Math.min(1, Math.max(0, value)));
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowLeft: split - STEP,
      ArrowRight: split + STEP,
      Home: 0,
      End: 1,
    };
    const target = steps[event.key];
    if (target === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    move(target);
  };
  return (
    <div
      className="divider"
      role="slider"
      tabIndex={0}
      aria-label={t("compare.divider")}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(split * 100)}
      aria-valuetext={`${t("compare.original")} ${f.percent(split)}`}
      style={{ left: split * width }}
      onKeyDown={onKeyDown}
      onPointerDown={(event: PointerEvent) => {
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
        dragging.current = true;
      }}
      onPointerMove={(event: PointerEvent) => {
        if (!dragging.current) return;
        const frame = event.currentTarget.parentElement!.getBoundingClientRect();
        move((event.clientX - frame.left) / frame.width);
      }}
      onPointerUp={() => {
        dragging.current = false;
      }}
      onPointerCancel={() => {
        dragging.current = false;
      }}
    >
      <svg
        aria-hidden="true"
        width="16"
        height="16"
        viewBox="0 0 16 16"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
      >
        <path d="M5.5 5 2.5 8l3 3M10.5 5l3 3-3 3" />
      </svg>
    </div>
  );
}
