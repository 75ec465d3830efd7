import { z } from "zod";

export const ANCHORS = [
  "top_left",
  "top",
  "top_right",
  "left",
  "center",
  "right",
  "bottom_left",
  "bottom",
  "bottom_right",
] as const;
export type Anchor = (typeof ANCHORS)[number];

/** A text mark. Lengths are parts of the picture's short side, so that one spec fits every size. */
export const markSpecSchema = z.strictObject({
  text: z.string().trim().min(1).max(200).default("© Platemark"),
  /** A family that ships with the program. */
  font: z.enum(["Inter", "Noto Sans SC"]).default("Inter"),
  weight: z.union([z.literal(400), z.literal(600)]).default(600),
  /** Height of the text's em square ÷ short side. */
  size: z.number().min(0.005).max(1).default(0.05),
  position: z.enum(ANCHORS).default("bottom_right"),
  /** 0 (invisible) to 1 (opaque). */
  opacity: z.number().min(0).max(1).default(0.5),
  /** sRGB, `#rrggbb`. */
  color: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i)
    .default("#ffffff"),
  /** Distance from the anchored edges ÷ short side. */
  margin: z.number().min(0).max(0.5).default(0.03),
  /** Degrees, clockwise, around the text's centre. */
  rotation: z.number().min(-360).max(360).default(0),
});
/** Plain data: the worker, the preview and the job all hold the same value. */
export type MarkSpec = z.infer<typeof markSpecSchema>;

export const DEFAULT_MARK: MarkSpec = markSpecSchema.parse({});
