import { config } from "zod";

// The page's CSP forbids `eval`. Zod would probe for it when the first schema parses, so this module comes first.
config({ jitless: true });
