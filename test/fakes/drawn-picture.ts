import sharp from "sharp";

const drawn = new Map<string, Promise<Buffer>>();
const VARIANTS = 12;

/** A drawn product picture, one of twelve by its number; 3:2, or 2:3 for every fifth. */
export async function drawPicture(number: number, longSide: number, mark: string | null) {
  const variant = number % VARIANTS;
  const key = `${variant}/${longSide}/${mark}`;
  let picture = drawn.get(key);
  if (picture === undefined) {
    picture = render(variant, longSide, mark);
    drawn.set(key, picture);
  }
  return { body: new Uint8Array(await picture), contentType: "image/webp" };
}

function render(variant: number, longSide: number, mark: string | null): Promise<Buffer> {
  const portrait = variant % 5 === 4;
  const [width, height] = portrait ? [800, 1200] : [1200, 800];
  const hue = (variant * 47) % 360;
  const radius = 150 + (variant % 4) * 30;
  const text = mark === null ? "" : markText(mark, width, height);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
    <defs>
      <linearGradient id="wall" x1="0" y1="0" x2="0" y2="1">
        <stop offset="0" stop-color="hsl(${hue},14%,88%)"/><stop offset="1" stop-color="hsl(${hue},10%,70%)"/>
      </linearGradient>
      <radialGradient id="body" cx="0.35" cy="0.3" r="0.8">
        <stop offset="0" stop-color="hsl(${hue},58%,66%)"/><stop offset="1" stop-color="hsl(${hue},54%,26%)"/>
      </radialGradient>
    </defs>
    <rect width="${width}" height="${height}" fill="url(#wall)"/>
    <ellipse cx="${width / 2}" cy="${height * 0.8}" rx="${radius * 1.4}" ry="34" fill="rgba(0,0,0,0.28)"/>
    <path d="M ${width / 2 - radius * 0.4} ${height * 0.28} q ${-radius} ${radius} ${-radius * 0.2} ${height * 0.5}
      h ${radius * 1.2} q ${radius * 0.8} ${-height * 0.25} ${-radius * 0.2} ${-height * 0.5} z" fill="url(#body)"/>
    ${text}
  </svg>`;
  return sharp(Buffer.from(svg), { density: (72 * longSide) / 1200 })
    .webp({ quality: 82 })
    .toBuffer();
}

function markText(mark: string, width: number, height: number): string {
  const escaped = mark.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
  return `<text x="${width - 24}" y="${height - 30}" text-anchor="end" font-size="40" font-weight="600"
    font-family="Inter, DejaVu Sans" fill="#fff" fill-opacity="0.6">${escaped}</text>`;
}
