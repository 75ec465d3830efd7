import { type CSSProperties, type PointerEvent, useLayoutEffect, useRef, useState } from "react";
import { type ItemView, previewPath } from "#contracts/ipc.ts";
import { useText } from "../../app/messages/text.tsx";
import { hasNoPixels } from "../job/picture-thumb.tsx";
import { Divider } from "./divider.tsx";
import { clampPan, loupeScale, type Point, type Size } from "./loupe-geometry.ts";

export interface LoupeProps {
  readonly picture: ItemView;
  readonly as: "side" | "slider";
  readonly zoom: "fit" | "full";
  readonly background: "black" | "grey" | "white";
}

const CENTRE: Point = { x: 0, y: 0 };
const NOTHING: Size = { width: 0, height: 0 };

/** Original and marked picture, under one zoom and one pan. */
export function Loupe({ picture, as, zoom, background }: LoupeProps) {
  const { t, reason } = useText();
  const frame = useRef<HTMLDivElement>(null);
  const room = useSize(frame);
  const [natural, setNatural] = useState<Size>(NOTHING);
  const [pan, setPan] = useState<Point>(CENTRE);
  const [split, setSplit] = useState(0.5);
  const pane = as === "side" ? { width: (room.width - 1) / 2, height: room.height } : room;
  const padded = { width: Math.max(1, pane.width - 32), height: Math.max(1, pane.height - 32) };
  const scale = loupeScale(natural, zoom === "fit" ? padded : pane, zoom, devicePixelRatio);
  const at = clampPan(pan, natural, pane, scale);
  const isMarked = picture.state === "marked" || picture.state === "published";
  const drag = useDrag((dx, dy) => setPan({ x: at.x + dx, y: at.y + dy }));
  const draggable = zoom === "full";

  const style: CSSProperties = {
    width: natural.width * scale || undefined,
    transform: `translate(calc(-50% + ${at.x}px), calc(-50% + ${at.y}px))`,
    visibility: natural.width === 0 ? "hidden" : "visible",
  };
  const layer = as === "slider" ? "layer" : "";
  const shared = { style, onSize: setNatural };
  return (
    <div
      ref={frame}
      className={`loupe ${background} ${draggable ? "draggable" : ""}`}
      {...(draggable ? drag : {})}
    >
      <div className={`pane original ${layer}`}>
        {hasNoPixels(picture) ? (
          <p className="absent">{t("compare.noPreview")}</p>
        ) : (
          <Preview src={previewPath(picture.id, "original")} alt={t("compare.original")} {...shared} />
        )}
        <span className="caption">{t("compare.original")}</span>
      </div>
      <div
        className={`pane marked ${layer}`}
        style={as === "slider" && isMarked ? { clipPath: `inset(0 0 0 ${split * 100}%)` } : undefined}
      >
        {isMarked ? (
          <Preview src={previewPath(picture.id, "marked")} alt={t("compare.marked")} {...shared} />
        ) : (
          <p className="absent">
            {picture.reason ? reason(picture.reason) : t("compare.notMarked", t(`state.${picture.state}`))}
          </p>
        )}
        <span className="caption">{t("compare.marked")}</span>
      </div>
      {as === "slider" && isMarked && <Divider split={split} width={room.width} onSplit={setSplit} />}
    </div>
  );
}

function Preview(props: { src: string; alt: string; style: CSSProperties; onSize: (size: Size) => void }) {
  const { src, alt, style, onSize } = props;
  const { t } = useText();
  const [broken, setBroken] = useState<string | null>(null);
  if (broken === src) return <p className="absent">{t("compare.noPreview")}</p>;
  return (
    <img
      key={src}
      src={src}
      alt={alt}
      style={style}
      draggable={false}
      onLoad={({ currentTarget }) =>
        onSize({ width: currentTarget.naturalWidth, height: currentTarget.naturalHeight })
      }
      onError={() => setBroken(src)}
    />
  );
}

function useSize(element: React.RefObject<HTMLElement | null>): Size {
  const [size, setSize] = useState<Size>(NOTHING);
  useLayoutEffect(() => {
    const observed = element.current;
    if (observed === null) return;
    const observer = new ResizeObserver(() =>
      setSize({ width: observed.clientWidth, height: observed.clientHeight }),
    );
    observer.observe(observed);
    return () => observer.disconnect();
  }, [element]);
  return size;
}

/** Pointer handlers that report how far a drag went since the last report. */
export function useDrag(onMove: (dx: number, dy: number) => void) {
  const last = useRef<Point | null>(null);
  return {
    onPointerDown(event: PointerEvent) {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      last.current = { x: event.clientX, y: event.clientY };
    },
    onPointerMove(event: PointerEvent) {
      if (last.current === null) return;
      onMove(event.clientX - last.current.x, event.clientY - last.current.y);
      last.current = { x: event.clientX, y: event.clientY };
    },
    onPointerUp() {
      last.current = null;
    },
    onPointerCancel() {
      last.current = null;
    },
  };
}
