// Builds the scripts of the HTML pages (of a run, of a comparison) and their common style sheet from src/web
// and uPlot into dist/page.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
mkdirSync(at('dist/page'), { recursive: true });
for (const [input, script] of [
  ['main', 'page'],
  ['comparison', 'compare'],
]) {
  const bundle = await rolldown({
    input: at(`src/web/report/${input}.ts`),
    platform: 'browser',
    tsconfig: false,
  });
  const { output } = await bundle.generate({ format: 'iife', minify: true });
  await bundle.close();
  // A script element must not contain its own end tag.
  writeFileSync(
    at(`dist/page/${script}.js`),
    output[0].code.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--'),
  );
}
const uplot = readFileSync(createRequire(import.meta.url).resolve('uplot/dist/uPlot.min.css'), 'utf8');
// The order matters: later rules override earlier ones.
const STYLES = ['theme', 'layout', 'controls', 'verdict', 'failure', 'table', 'figures', 'plot', 'contact'];
const style = STYLES.map((name) => readFileSync(at(`src/web/style/${name}.css`), 'utf8'));
writeFileSync(at('dist/page/page.css'), [uplot, ...style].join('\n'));
