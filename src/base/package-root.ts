// Paths of files that ship with the package. Only this file depends on its depth in the tree: it is two
// folders below the root of the package, in src/ as in dist/.

import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../', import.meta.url);

/** URL of a built module; also from TypeScript source, as in tests, that of the build. @param path below dist/ */
export function builtModule(path: string): URL {
  return new URL(`dist/${path}`, ROOT);
}

/** Absolute path of a file or folder that ships. @param path below the root of the package, such as `policies/` */
export function shippedPath(path: string): string {
  return fileURLToPath(new URL(path, ROOT));
}
