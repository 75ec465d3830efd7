import type { DecodedPicture } from "./decoded-picture.ts";

/**
 * The picture with each colour weighed by its alpha, as it looks on black: coding with loss leaves nothing of colours
 * that nobody sees. One without alpha is itself. Pure.
 */
export function asSeen(picture: DecodedPicture): DecodedPicture {
  const colors = { grey: 1, rgb: 3, cmyk: 4 }[picture.space];
  const full = picture.bits === 16 ? 65_535 : 255;
  const pages = picture.pages.map((page) => {
    const { channels } = page;
    if (channels !== colors + 1) return page;
    const samples = page.samples.slice();
    for (let at = 0; at < samples.length; at += channels) {
      const alpha = samples[at + colors]! / full;
      for (let i = at; i < at + colors; i++) samples[i] = Math.round(samples[i]! * alpha);
    }
    return { ...page, samples };
  });
  return { ...picture, pages };
}
