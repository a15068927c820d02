// Makes the one script and the one style of the HTML report, from src/page and uPlot, into dist/page.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const bundle = await rolldown({ input: at('src/page/main.ts'), platform: 'browser', tsconfig: false });
const { output } = await bundle.generate({ format: 'iife', minify: true });
await bundle.close();

mkdirSync(at('dist/page'), { recursive: true });
// Inside a script element, nothing may look like its end.
writeFileSync(
  at('dist/page/page.js'),
  output[0].code.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--'),
);
const uplot = readFileSync(createRequire(import.meta.url).resolve('uplot/dist/uPlot.min.css'), 'utf8');
const style = ['theme', 'layout', 'parts'].map((name) => readFileSync(at(`src/page/${name}.css`), 'utf8'));
writeFileSync(at('dist/page/page.css'), [uplot, ...style].join('\n'));
