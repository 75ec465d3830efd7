import { EventEmitter } from "node:events";

/** The parts of the machine around the program; a test sets and reads them through `control.ts`. */
export const machine = {
  online: true,
  /** What the next folder dialog answers. */
  chosenFolder: null as string | null,
  openedOutside: [] as string[],
  errorBoxes: [] as string[],
  schemes: [] as unknown[],
  menu: null as unknown,
};

export const powerMonitor = new EventEmitter();
export const net = { isOnline: () => machine.online };
export const nativeTheme = { shouldUseDarkColors: true };
export const screen = {
  getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1600, height: 1000 } }],
};
export const shell = {
  openExternal: async (url: string) => void machine.openedOutside.push(url),
};
export const dialog = {
  showOpenDialog: async () => ({
    canceled: machine.chosenFolder === null,
    filePaths: machine.chosenFolder === null ? [] : [machine.chosenFolder],
  }),
  showErrorBox(title: string, content: string) {
    machine.errorBoxes.push(content);
    process.stderr.write(`${title}: ${content}\n`);
  },
};
export const Menu = {
  buildFromTemplate: (template: unknown) => template,
  setApplicationMenu: (menu: unknown) => {
    machine.menu = menu;
  },
};

type ProtocolHandler = (request: Request) => Promise<Response>;
export const protocolHandlers = new Map<string, ProtocolHandler>();
export const protocol = {
  registerSchemesAsPrivileged: (schemes: unknown[]) => void machine.schemes.push(...schemes),
  handle: (scheme: string, handler: ProtocolHandler) => void protocolHandlers.set(scheme, handler),
};

type PermissionHandler = (contents: unknown, permission: string, done: (granted: boolean) => void) => void;
export const permissions = { handler: undefined as PermissionHandler | undefined };
export const session = {
  defaultSession: {
    setPermissionRequestHandler: (handler: PermissionHandler) => {
      permissions.handler = handler;
    },
    setPermissionCheckHandler() {},
    setDevicePermissionHandler() {},
  },
};
