import type { MarkSpec } from "#contracts/mark-spec.ts";
import { useText } from "../../app/messages/text.tsx";
import { placeMark } from "./mark-placement.ts";
import stillLife from "./still-life.webp";

const WIDTH = 960;
const HEIGHT = 640;

/** A picture with the mark as it is being set; the same lengths as the worker uses, drawn by the page. */
export function MarkLook({ mark }: { mark: MarkSpec }) {
  const { t } = useText();
  const { x, y, fontSize, anchor } = placeMark(mark, WIDTH, HEIGHT);
  return (
    <svg className="mark-look" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={t("mark.look")}>
      <image href={stillLife} width={WIDTH} height={HEIGHT} preserveAspectRatio="xMidYMid slice" />
      <text
        x={x}
        y={y}
        fontSize={fontSize}
        fontFamily={`"${mark.font}", "Noto Sans SC", sans-serif`}
        fontWeight={mark.weight}
        textAnchor={anchor}
        fill={mark.color}
        fillOpacity={mark.opacity}
        style={{ transformBox: "fill-box", transformOrigin: "center", rotate: `${mark.rotation}deg` }}
      >
        {mark.text}
      </text>
    </svg>
  );
}
