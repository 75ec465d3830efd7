import type { MenuItemConstructorOptions } from "electron";

/** The standard menus of the platform; what Platemark itself does is in its window. */
export function menuTemplate(platform: NodeJS.Platform): MenuItemConstructorOptions[] {
  const view: MenuItemConstructorOptions = {
    role: "viewMenu",
    submenu: [
      { role: "resetZoom" },
      { role: "zoomIn" },
      { role: "zoomOut" },
      { type: "separator" },
      { role: "togglefullscreen" },
    ],
  };
  if (platform === "darwin") return [{ role: "appMenu" }, { role: "editMenu" }, view, { role: "windowMenu" }];
  return [
    { label: "&File", submenu: [{ role: "quit" }] },
    { role: "editMenu" },
    view,
    { role: "windowMenu" },
  ];
}
