import { expect, test } from "vitest";
import type { ResolvedMark } from "#contracts/mark-operator.ts";
import { SHIPPED_FONTS } from "#imaging/overlay/shipped-fonts.ts";
import { AppError } from "#kernel/errors.ts";
import { noAssets } from "#template/assets.ts";
import { fontFamilies } from "#template/font-families.ts";
import type { DrawAnswer, DrawRequest } from "./draw-messages.ts";
import { type Drawn, OverlayClient } from "./overlay-client.ts";
import { OverlayDesk } from "./overlay-desk.ts";

const fonts = fontFamilies(SHIPPED_FONTS);
const template = (settings: string) => `template "a" { text "$(EXIF.YEAR)" { ${settings} } }`;
const picture = (key = "main") => ({ key, width: 600, height: 400, scale: 1, variables: {}, isRead: false });

/** A page and its worker with no thread between them, and a renderer that draws one pixel for each size. */
function desk() {
  const drawn: ResolvedMark[] = [];
  const pixels = new Map<string, Uint8Array>();
  const worker = new OverlayDesk({
    fonts,
    assets: noAssets,
    renderer: {
      render(mark) {
        drawn.push(mark);
        const [layer] = mark.layers;
        if (layer?.kind !== "text") return { tiles: [] };
        if (layer.value === "bad") throw new AppError("picture.glyph_missing", "No.");
        const rgba = pixels.get(String(layer.size.value)) ?? new Uint8Array(4);
        pixels.set(String(layer.size.value), rgba);
        return { tiles: [{ left: 1, top: 2, width: 1, height: 1, rgba, blend: "normal" as const }] };
      },
    },
  });
  const answers: DrawAnswer[] = [];
  let tell: (answer: DrawAnswer) => void = () => {};
  let last: Promise<unknown> = Promise.resolve();
  const client = new OverlayClient({
    postMessage(message: DrawRequest) {
      last = last.then(async () => {
        if (message.type === "forget") return worker.forget();
        const answer = await worker.draw(message);
        answers.push(answer);
        tell(answer);
      });
    },
    onAnswer: (listener) => {
      tell = listener;
    },
  });
  const draw = (source: string, key?: string, urgent = true) =>
    new Promise<Drawn>((resolve) => client.draw(source, picture(key), { urgent, tell: resolve }));
  return { drawn, answers, client, draw };
}

test("a change of opacity sends no pixels again, a change of size does", async () => {
  const { answers, draw } = desk();
  const first = await draw(template("size = 5%  opacity = 0.5"));
  const second = await draw(template("size = 5%  opacity = 0.6"));
  await draw(template("size = 6%  opacity = 0.6"));
  expect(answers.map(({ cells }) => cells.length)).toEqual([1, 0, 1]);
  expect(second.tiles![0]!.cell).toBe(first.tiles![0]!.cell);
  expect(second.tiles![0]!.opacity).toBe(0.6);
});

test("a cell that no overlay has any more is sent again when it comes back", async () => {
  const { answers, draw } = desk();
  await draw(template("size = 5%"));
  await draw(template("size = 5%"), "other");
  await draw(template("size = 6%"));
  await draw(template("size = 5%"));
  await draw(template("size = 6%"), "other");
  await draw(template("size = 6%"));
  await draw(template("size = 5%"));
  expect(answers.map(({ cells }) => cells.length)).toEqual([1, 0, 1, 0, 1, 0, 1]);
});

test("what the page does not know of a picture is shown by an example, and named", async () => {
  const { drawn, draw } = desk();
  const { missing } = await draw(template("size = 5%"));
  expect(missing).toEqual(["EXIF.YEAR"]);
  expect(drawn[0]!.layers[0]).toMatchObject({ value: "2026" });
});

test("mistakes give diagnostics and no tiles; a mark that cannot be drawn gives its reason", async () => {
  const { draw } = desk();
  expect(await draw('template "a" { text "x" { anchor = middle } }')).toMatchObject({
    tiles: null,
    problem: null,
    diagnostics: [{ code: "value.unknown" }],
  });
  expect(await draw('template "a" { text "bad" }')).toMatchObject({
    tiles: null,
    problem: { code: "picture.glyph_missing" },
  });
});

test("of one picture only the last wish is drawn, and what is urgent goes first", async () => {
  const { answers, client, draw } = desk();
  const told: string[] = [];
  const ask = (size: number, key: string, urgent: boolean) =>
    client.draw(template(`size = ${size}%`), picture(key), {
      urgent,
      tell: () => told.push(`${key} ${size}`),
    });
  ask(1, "main", true);
  ask(2, "sheet", false);
  ask(3, "main", true);
  ask(4, "main", true);
  await draw(template("size = 5%"), "last", false);
  expect(told).toEqual(["main 1", "main 4", "sheet 2"]);
  expect(answers).toHaveLength(4);
});
