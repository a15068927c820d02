// Makes the programs that package.json names under "bin" executable after a build: tsc writes them
// without the x bit, and npx then fails with "Permission denied".
import { chmodSync, readFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const { bin } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
for (const file of Object.values(bin)) chmodSync(new URL(file, root), 0o755);
