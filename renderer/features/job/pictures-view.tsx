import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useText } from "../../app/messages/text.tsx";
import { usePictures, usePreferences, useServices } from "../../app/services.tsx";
import { Button } from "../../ui/controls.tsx";
import { keyStep } from "./key-step.ts";
import { pictureElementId } from "./picture-cell.ts";
import { PictureRow } from "./picture-row.tsx";
import { PictureTile } from "./picture-tile.tsx";
import type { Retry } from "./use-retry.ts";

const TILE = { width: 184, height: 172 };
const ROW_HEIGHT = { dense: 28, comfortable: 56, grid: TILE.height };

/** All pictures of a job, of which only those in sight exist; rows, or tiles in as many columns as fit. */
export function PicturesView(props: {
  readonly jobId: string;
  readonly scanning: boolean;
  readonly retry: Retry;
}) {
  const { jobId, scanning, retry } = props;
  const { t } = useText();
  const { navigation, ...services } = useServices();
  const model = services.pictures(jobId);
  const total = usePictures(model, (state) => state.total);
  const known = usePictures(model, (state) => state.known);
  const filter = usePictures(model, (state) => state.filter);
  const selected = usePictures(model, (state) => state.selected);
  const view = usePreferences((preferences) => preferences.view);
  const scroller = useRef<HTMLDivElement>(null);
  const columns = useColumns(scroller, view === "grid", total > 0);
  const virtual = useVirtualizer({
    count: Math.ceil(total / columns),
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT[view],
    overscan: 6,
    paddingStart: view === "grid" ? 8 : 0,
    paddingEnd: view === "grid" ? 8 : 0,
  });
  const rows = virtual.getVirtualItems();
  const first = (rows[0]?.index ?? 0) * columns;
  const end = ((rows.at(-1)?.index ?? 0) + 1) * columns;

  useEffect(() => model.show(first, end), [model, first, end]);
  const empty = total === 0;
  useEffect(() => {
    // Arrow keys belong to the pictures unless a person has put the focus elsewhere.
    if (!empty && document.activeElement === document.body) scroller.current?.focus({ preventScroll: true });
  }, [empty]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another view has other heights.
  useLayoutEffect(() => {
    virtual.measure();
    virtual.scrollToIndex(Math.floor(model.store.getState().selected / columns), { align: "auto" });
  }, [view, columns]);

  if (empty)
    return (
      <div className="list-empty" role="status">
        <p>
          {t(
            !known
              ? "job.loading"
              : filter === "all" && scanning
                ? "job.empty.scanning"
                : `job.empty.${filter}`,
          )}
        </p>
        {known && filter === "all" && !scanning && (
          <Button onClick={() => navigation.go({ name: "import" })}>{t("job.empty.way")}</Button>
        )}
      </div>
    );

  const select = (index: number) => {
    model.select(index);
    virtual.scrollToIndex(Math.floor(model.store.getState().selected / columns), { align: "auto" });
  };
  const open = () => navigation.go({ name: "compare", jobId });
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT[view]) - 1);
    const step = keyStep(event.key, columns, page, total);
    if (event.key === "Enter") open();
    else if (step !== null) select(selected + step);
    else return;
    event.preventDefault();
  };

  return (
    <div
      ref={scroller}
      className={`pictures ${view}`}
      role="grid"
      tabIndex={0}
      aria-label={t("job.list")}
      aria-rowcount={Math.ceil(total / columns)}
      aria-activedescendant={pictureElementId(selected)}
      onKeyDown={onKeyDown}
    >
      <div className="canvas" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {rows.map(({ index, start }) =>
          view === "grid" ? (
            <div key={index} role="row" aria-rowindex={index + 1} tabIndex={-1}>
              {placesOfRow(index, columns, total).map((place, column) => (
                <PictureTile
                  key={place}
                  model={model}
                  index={place}
                  selected={place === selected}
                  place={{ x: 8 + column * TILE.width, y: start, ...TILE }}
                  onSelect={select}
                  onOpen={open}
                />
              ))}
            </div>
          ) : (
            <PictureRow
              key={index}
              model={model}
              index={index}
              selected={index === selected}
              top={start}
              thumbnail={view === "comfortable"}
              retry={retry}
              onSelect={select}
              onOpen={open}
            />
          ),
        )}
      </div>
    </div>
  );
}

/** The places in the list that one row of tiles shows. Pure. */
function placesOfRow(row: number, columns: number, total: number): readonly number[] {
  return Array.from(
    { length: Math.min(columns, total - row * columns) },
    (_, column) => row * columns + column,
  );
}

function useColumns(
  scroller: React.RefObject<HTMLDivElement | null>,
  isGrid: boolean,
  mounted: boolean,
): number {
  const [columns, setColumns] = useState(1);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!isGrid || !mounted || element === null) {
      setColumns(1);
      return;
    }
    const countColumns = () => setColumns(Math.max(1, Math.floor((element.clientWidth - 16) / TILE.width)));
    countColumns();
    const observer = new ResizeObserver(countColumns);
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroller, isGrid, mounted]);
  return columns;
}
