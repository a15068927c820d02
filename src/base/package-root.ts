// Files that ship with the package. Every other file asks here, so that none counts its own depth in
// the tree: this one lies two folders below the package, in src/ as in dist/.

import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../', import.meta.url);

/** URL of a built module. Run from TypeScript source (in tests), the build is used. @param path below dist/ */
export function builtModule(path: string): URL {
  return new URL(`dist/${path}`, ROOT);
}

/** Absolute path of a file or folder that ships. @param path below the root of the package, such as `policies/` */
export function shippedPath(path: string): string {
  return fileURLToPath(new URL(path, ROOT));
}
