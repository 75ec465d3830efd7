import { describe, expect, test } from "vitest";
import { type Layer, markOperatorSchema, operatorJson } from "#contracts/mark-operator.ts";
import { AppError } from "#kernel/errors.ts";
import { type AssetSource, LARGEST_ASSET, noAssets } from "./assets.ts";
import { checkTemplate, compileTemplate } from "./compile.ts";
import { sha256Hex } from "./sha256.ts";
import { templateVersion } from "./template-version.ts";

const fonts = [
  { family: "Inter", weights: [400, 600] },
  { family: "Noto Sans SC", weights: [400] },
];
const signal = new AbortController().signal;
const LOGO = new TextEncoder().encode(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1v1z"/></svg>',
);

const folder = (files: Readonly<Record<string, Uint8Array>>): AssetSource => ({
  readAsset: async (name) => files[name] ?? null,
});

async function operatorOf(source: string, assets: AssetSource = noAssets) {
  const { operator, diagnostics } = await compileTemplate(source, { fonts, assets }, { signal });
  expect(diagnostics).toEqual([]);
  return markOperatorSchema.parse(operator);
}

/** Line, column and text of each thing that is found. */
function findings(source: string) {
  return checkTemplate(source, { fonts }).diagnostics.map(
    ({ line, column, message }) => `${line}:${column} ${message}`,
  );
}
const inBody = (body: string) => findings(`template "a" {\n${body}\n}`);

describe("compiling", () => {
  test("accepts the template of the specification as it stands", async () => {
    const operator = await operatorOf(
      'template "name" { payload = sha256(user_id + timestamp_ms % 86400)  location = "qr_overlay(bottom_right, scale=0.12)"  persistence = "frame_interval(3) + noise_resilient(luma_alpha=0.35)" }',
    );
    expect(operator).toMatchObject({
      name: "name",
      level: "dynamic",
      payload: { kind: "call", name: "sha256", args: [{ operator: "+", right: { operator: "%" } }] },
      layers: [
        {
          kind: "qr",
          anchor: "bottom_right",
          size: { value: 0.12, unit: "short_side" },
          value: { kind: "variable", name: "payload" },
        },
      ],
      persistence: [
        { name: "frame_interval", args: { frames: 3 } },
        { name: "noise_resilient", args: { luma_alpha: 0.35 } },
      ],
    });
  });

  test("accepts the simplest template, its scale in parts of the short side", async () => {
    const { layers } = await operatorOf(
      'template "corner" { payload = "ECO-2026"  location = "text(bottom_right, scale=0.06)" }',
    );
    expect(layers).toMatchObject([{ kind: "text", size: { value: 0.06, unit: "short_side" }, opacity: 0.5 }]);
  });

  test("gives a text layer every value that it can have", async () => {
    const { layers, safeArea } = await operatorOf(`template "studio" {
      safe_area = 2%
      text "© $(EXIF.YEAR)" {
        font = "Noto Sans SC" size = 40px color = #ABC opacity = 0.4 anchor = top_left
        margin = 3% of width margin_x = 1% margin_y = 10px rotation = -30 blend = soft_light
        outline = outline(#000000, 0.04) shadow = shadow(#112233, 0.5, blur=0.05, dx=-0.02, dy=0)
        pattern = tile(angle=30, gap=8%, gap_y=2% of height, stagger=false)
      }
    }`);
    const expected: Layer = {
      kind: "text",
      when: null,
      value: {
        kind: "text",
        parts: [
          { kind: "literal", value: "© " },
          { kind: "variable", name: "EXIF.YEAR" },
        ],
      },
      anchor: "top_left",
      marginX: { value: 0.01, unit: "short_side" },
      marginY: { value: 10, unit: "px" },
      rotation: -30,
      opacity: 0.4,
      blend: "soft_light",
      pattern: {
        angle: 30,
        gapX: { value: 0.08, unit: "short_side" },
        gapY: { value: 0.02, unit: "height" },
        stagger: false,
      },
      font: "Noto Sans SC",
      weight: 400,
      size: { value: 40, unit: "px" },
      color: "#aabbcc",
      outline: { color: "#000000", width: 0.04 },
      shadow: { color: "#112233", opacity: 0.5, dx: -0.02, dy: 0, blur: 0.05 },
    };
    expect(layers).toEqual([expected]);
    expect(safeArea).toEqual({ value: 0.02, unit: "short_side" });
  });

  test("turns rules into conditions of their layers, each branch without those before it", async () => {
    const { layers } = await operatorOf(`template "rules" {
      when orientation == portrait { text "a" when short_side >= 1200px { text "b" } }
      else when aspect > 2 { text "c" }
      else { text "d" }
    }`);
    const portrait = { operator: "==", right: { kind: "literal", value: "portrait" } };
    const wide = { operator: ">", right: { kind: "literal", value: 2 } };
    expect(layers.map(({ when }) => when)).toMatchObject([
      portrait,
      { operator: "and", left: portrait, right: { operator: ">=", right: { value: 1200 } } },
      { operator: "and", left: { kind: "not", operand: portrait }, right: wide },
      { operator: "and", left: { kind: "not", operand: portrait }, right: { kind: "not", operand: wide } },
    ]);
  });

  test("knows every token of darktable's grammar", async () => {
    const { layers } = await operatorOf(
      'template "t" { text "$(JOBCODE-x)$(JOBCODE+y)$(JOBCODE:1:2)$(JOBCODE#a)$(JOBCODE%b)$(JOBCODE/c/d)$(JOBCODE//e/f)$(JOBCODE/#g/h)$(JOBCODE/%i/j)$(JOBCODE^)$(JOBCODE^^)$(JOBCODE,)$(JOBCODE,,)$(SEQUENCE[3,100])$(CREATOR)" }',
    );
    const [layer] = layers;
    const parts = layer?.kind === "text" && layer.value.kind === "text" ? layer.value.parts : [];
    expect(
      parts.map((part) => (part.kind === "call" ? part.name : part.kind === "variable" && part.name)),
    ).toEqual([
      "default",
      "if_set",
      "slice",
      "remove_prefix",
      "remove_suffix",
      "replace_first",
      "replace",
      "replace_prefix",
      "replace_suffix",
      "capitalize",
      "upper",
      "uncapitalize",
      "lower",
      "pad",
      "IPTC.CREATOR",
    ]);
  });

  test("counts a sequence from the number that is said, in so many digits", async () => {
    const partsOf = async (token: string) => {
      const [layer] = (await operatorOf(`template "t" { text "${token}" }`)).layers;
      return layer?.kind === "text" && layer.value.kind === "text" ? layer.value.parts : [];
    };
    const sequence = { kind: "variable", name: "SEQUENCE" };
    const digits = (value: number) => ({ kind: "literal", value });
    expect(await partsOf("$(SEQUENCE)")).toEqual([
      { kind: "call", name: "pad", args: [sequence, digits(4)] },
    ]);
    expect(await partsOf("$(SEQUENCE[2])")).toEqual([
      { kind: "call", name: "pad", args: [sequence, digits(2)] },
    ]);
    expect(await partsOf("$(SEQUENCE[5,100])")).toEqual([
      {
        kind: "call",
        name: "pad",
        args: [{ kind: "binary", operator: "+", left: sequence, right: digits(99) }, digits(5)],
      },
    ]);
  });

  test("takes the level from the payload where it is not said", async () => {
    const levelOf = async (payload: string) =>
      (await operatorOf(`template "a" { payload = ${payload} qr payload }`)).level;
    expect(await levelOf('"ECO"')).toBe("copyright");
    expect(await levelOf("user_id")).toBe("trace");
    expect(await levelOf('batch_id + "/" + entropy')).toBe("dynamic");
  });

  test("gives equal marks equal versions, however they are written", async () => {
    const one = await operatorOf('template "a" { text "x" { opacity = 0.50 size = 5% } }');
    const other = await operatorOf(
      "template 'a' { // the same\n text 'x' { size = 5% of short_side opacity = 0.5 } }",
    );
    expect(templateVersion(one)).toBe(templateVersion(other));
    expect(templateVersion(one)).toBe(sha256Hex(operatorJson(one)));
    const third = await operatorOf('template "a" { text "x" { opacity = 0.51 size = 5% } }');
    expect(templateVersion(third)).not.toBe(templateVersion(one));
  });
});

describe("what is wrong with a template", () => {
  test("is said all at once, each with its place and a suggestion", () => {
    expect(
      inBody(`text "© $(EXIF.YAER)" { font = "Intre" size = 4 anchor = bottomright opacity = 50 colour = #fff }
qr payload { size = 2% of widht blend = "multiply" opacity = 40% }
when orientation == portait and widht > 5 { text slise("a") }
image "../x.png"
location = "qr_overlay(botom_right, scael=0.12)"`),
    ).toEqual([
      "2:11 Unknown variable `EXIF.YAER`, did you mean `EXIF.YEAR`?",
      "2:32 There is no font `Intre`, did you mean `Inter`?",
      "2:47 `size` needs a unit, `%` or `px`, did you mean `4%`?",
      "2:58 Unknown anchor `bottomright`, did you mean `bottom_right`?",
      "2:80 `opacity` is 0 to 1, did you mean `0.5`?",
      "2:83 Unknown setting `colour`, did you mean `color`?",
      "3:4 The template has no `payload` to draw.",
      "3:27 Unknown side `widht`, did you mean `width`?",
      '3:41 Unknown blend mode `"multiply"`, did you mean `multiply`?',
      "3:62 `opacity` is a plain number, 0 to 1, did you mean `0.4`?",
      "4:21 Unknown variable `portait`, did you mean `portrait`?",
      "4:33 Unknown variable `widht`, did you mean `width`?",
      "4:50 Unknown function `slise`, did you mean `slice`?",
      "5:7 An image lies in the template's folder or in a folder below it; `/` at the start, `.` and `..` lead elsewhere.",
      "6:24 Unknown anchor `botom_right`, did you mean `bottom_right`?",
      "6:37 `qr_overlay` has no `scael`, did you mean `scale`?",
    ]);
  });

  test.each([
    ['text "a" { weight = 700 }', "2:21 `Inter` has no weight 700, did you mean `600`?"],
    ['text "a" { rotation = 400 }', "2:23 `rotation` is -360 to 360, did you mean `360`?"],
    ['text "a" { margin = 60% }', "2:21 `margin` is 0% to 50%, did you mean `50%`?"],
    ['text "a" { margin = -1% }', "2:21 `margin` is 0% to 50%, did you mean `0%`?"],
    ['text "a" { position = top }', "2:12 Unknown setting `position`, did you mean `anchor`?"],
    ['text "a" { dark = #000 }', "2:12 `dark` belongs to a `qr` layer."],
    ['text "a" { opacity = 1 opacity = 0 }', "2:24 `opacity` is set twice."],
    ['text "a" { text "b" }', "2:12 A layer holds settings only. Layers and rules stand beside each other."],
    [
      'when true { level = trace text "a" }',
      "2:13 A rule holds layers and rules. Settings stand in the template or in a layer.",
    ],
    [
      "when short_side { text 'a' }",
      "2:6 A condition is needed here, like `orientation == portrait`; this is a number.",
    ],
    [
      "when EXIF.ISO == FILE.NAME { text 'a' }",
      "2:6 A number never equals a text. Compare two of the same kind.",
    ],
    [
      "when FILE.NAME > 5 { text 'a' }",
      "2:6 `>` needs a number here, this is a text. `number(…)` reads a number from a text.",
    ],
    [
      'when orientation == "upright" { text "a" }',
      "2:21 Unknown orientation `upright`. There are `portrait`, `landscape` and `square`.",
    ],
    ["text 5 % 0", "2:10 Nothing can be divided by 0."],
    ["text width > 5", "2:6 A text is needed here, not yes or no."],
    ["text upper(1, 2)", "2:6 `upper` takes 1 value, here are 2. Like this: `upper(JOBCODE)`."],
    [
      'text "$(EXIF.YEAR[4,1])"',
      "2:7 Only `$(SEQUENCE[4,1])` has numbers in brackets, `EXIF.YEAR` has none.",
    ],
    ['level = trace text "a"', "2:9 A mark of level `trace` carries a `payload`, and the template has none."],
    ['payload = payload + "a" qr payload', "2:11 The payload cannot be made of itself."],
    [
      'persistence = "frame_interval(0)" text "a"',
      "2:31 `frames` is 1 to 100000, a whole number, did you mean `1`?",
    ],
    ["payload = user_id", '1:10 The template draws nothing. Give it a layer, like `text "© Studio"`.'],
  ])("%s", (body, expected) => {
    expect(inBody(body)).toEqual([expected]);
  });

  test("is told for a second template in the file, and for an empty file", () => {
    expect(findings('template "a" { text "x" }\ntemplate "b" { text "x" }')).toEqual([
      "2:10 A file holds one template. Put this one into a file of its own.",
    ]);
    expect(findings("// nothing")).toEqual([
      '1:1 There is no template here. It begins with `template "name" {`.',
    ]);
  });

  test("is told when there are too many layers, and when conditions unfold to too much", () => {
    expect(inBody('text "a"\n'.repeat(40))).toEqual(["34:1 A template has 32 layers at most."]);
    const long = Array(90).fill("width > 1").join(" or ");
    const layers = 'text "a"\n'.repeat(32);
    expect(inBody(`when ${long} { when ${long} { ${layers} } }`)).toEqual([
      "1:10 The template says too much: its conditions and texts unfold to more than fits a job.",
    ]);
  });

  test("warns of a level that the payload does not fit, and compiles all the same", async () => {
    const source = 'template "a" { level = copyright payload = entropy qr payload }';
    const { operator, diagnostics } = await compileTemplate(source, { fonts, assets: noAssets }, { signal });
    expect(diagnostics).toMatchObject([
      { severity: "warning", code: "template.level", suggestion: "dynamic" },
    ]);
    expect(operator?.level).toBe("copyright");
  });
});

describe("images of a template", () => {
  const source = 'template "a" { image "logo/n.svg" { width = 12% } image "logo/n.svg" { anchor = top } }';

  test("travel in the operator under the hash of their bytes, once each", async () => {
    const { layers, assets } = await operatorOf(source, folder({ "logo/n.svg": LOGO }));
    const hash = sha256Hex(LOGO);
    expect(layers).toMatchObject([{ asset: hash, opacity: 1 }, { asset: hash }]);
    expect(assets).toEqual({
      [hash]: { name: "logo/n.svg", mediaType: "image/svg+xml", bytes: Buffer.from(LOGO).toString("base64") },
    });
  });

  test.each([
    ["is missing", noAssets, "asset.missing"],
    ["is too large", folder({ "logo/n.svg": new Uint8Array(LARGEST_ASSET + 1) }), "asset.too_large"],
    ["is no SVG", folder({ "logo/n.svg": new TextEncoder().encode("<p>") }), "asset.invalid"],
    [
      "has a script",
      folder({ "logo/n.svg": new TextEncoder().encode('<svg viewBox="0 0 1 1"><script/></svg>') }),
      "asset.unsafe",
    ],
    [
      "cannot be read",
      { readAsset: () => Promise.reject(new AppError("file.unreadable", "No rights.")) },
      "asset.missing",
    ],
  ] as const)("are told of where one %s", async (_what, assets, code) => {
    const { operator, diagnostics } = await compileTemplate(source, { fonts, assets }, { signal });
    expect(operator).toBeNull();
    expect(diagnostics).toMatchObject([
      { code, line: 1, column: 22 },
      { code, line: 1, column: 57 },
    ]);
  });

  test.each([
    "/etc/a.png",
    "../a.png",
    "a/../b.png",
    "a\\\\b.png",
    "C:/a.png",
    "a//b.png",
    "./a.png",
    ".a.png",
    "a.gif",
    "",
  ])("are not looked for at %j", async (name) => {
    const asked: string[] = [];
    const spy: AssetSource = {
      readAsset: async (each) => {
        asked.push(each);
        return null;
      },
    };
    const { diagnostics } = await compileTemplate(
      `template "a" { image "${name}" }`,
      { fonts, assets: spy },
      { signal },
    );
    expect(diagnostics).toMatchObject([{ code: "asset.name" }]);
    expect(asked).toEqual([]);
  });

  test("are told of where they are too many bytes together", async () => {
    const drawing = (letter: string) =>
      new TextEncoder().encode(`<svg viewBox="0 0 1 1"><title>${letter.repeat(900_000)}</title></svg>`);
    const three = 'template "a" { image "a.svg" image "b.svg" image "c.svg" }';
    const files = folder({ "a.svg": drawing("a"), "b.svg": drawing("b"), "c.svg": drawing("c") });
    const { diagnostics } = await compileTemplate(three, { fonts, assets: files }, { signal });
    expect(diagnostics).toMatchObject([{ code: "asset.too_large", column: 50 }]);
  });

  test.each([
    ["a picture", [8, 8], null],
    ["more than 4096 pixels on a side", [4_097, 1], "asset.invalid"],
    ["no pixels", [0, 8], "asset.invalid"],
  ] as const)("may be a PNG file with %s", async (_what, [width, height], code) => {
    const png = new Uint8Array(33);
    png.set([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
    new DataView(png.buffer).setUint32(16, width);
    new DataView(png.buffer).setUint32(20, height);
    const one = 'template "a" { image "a.PNG" }';
    const { operator, diagnostics } = await compileTemplate(
      one,
      { fonts, assets: folder({ "a.PNG": png }) },
      { signal },
    );
    expect(diagnostics.map((each) => each.code)).toEqual(code === null ? [] : [code]);
    if (operator) expect(Object.values(operator.assets)).toMatchObject([{ mediaType: "image/png" }]);
  });

  test("are not waited for after an abort", async () => {
    const controller = new AbortController();
    controller.abort();
    const assets: AssetSource = {
      readAsset: async (_name, options) => {
        options.signal.throwIfAborted();
        return null;
      },
    };
    await expect(
      compileTemplate(source, { fonts, assets }, { signal: controller.signal }),
    ).rejects.toMatchObject({
      code: "aborted",
    });
  });
});
