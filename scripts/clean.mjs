// Empties dist/ before a build, so that the package contains no output of deleted source files.
import { rmSync } from 'node:fs';

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
