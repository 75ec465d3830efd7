import type { PicturesModel } from "./pictures-store.ts";

/** What each row and tile is told. */
export interface PictureCellProps {
  readonly model: PicturesModel;
  readonly index: number;
  readonly selected: boolean;
  readonly onSelect: (index: number) => void;
  readonly onOpen: () => void;
}

/** The element of the picture at a place in the list, for `aria-activedescendant`. */
export const pictureElementId = (index: number) => `picture-${index}`;
