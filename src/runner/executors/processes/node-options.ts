// The options of Node for a worker process: those of this process, and the permission model, which holds below
// JavaScript. It leaves out the permissions to start processes and threads and to debug.

/** Options that load a module before the program. */
const LOADING = /^(--import|--require|-r|--loader|--experimental-loader)(?:=(.*))?$/;
/**
 * Packages that load TypeScript. They register hooks in a thread, which the process may not start, and it needs none
 * of them: modules in TypeScript are loaded without.
 */
const TYPESCRIPT_LOADERS = /(^|[\\/])(tsx|ts-node|@swc-node|@oxc-node|ts-blank-space|amaro)([\\/]|$)/;
const WORDS = /(?:[^\s"]|"(?:\\.|[^"\\])*")+/g;

/** @param heapMb size of the heap, MiB */
export function nodeOptions(heapMb: number | undefined): string[] {
  const own = withoutLoaders(process.execArgv).filter(
    (option) => !/^--(inspect|debug|experimental-permission|permission)/.test(option),
  );
  const known = process.allowedNodeEnvironmentFlags;
  const permission = known.has('--permission') ? '--permission' : '--experimental-permission';
  const allowed = ['--allow-fs-read=*', '--allow-fs-write=*', '--allow-addons', '--allow-wasi'];
  // Newer versions of Node have a permission for the network too, which the TCP wire needs.
  const network = known.has('--allow-net') ? ['--allow-net'] : [];
  return [
    ...own,
    permission,
    ...allowed,
    ...network,
    '--disable-warning=SecurityWarning',
    '--disable-warning=ExperimentalWarning',
    ...(heapMb === undefined ? [] : [`--max-old-space-size=${heapMb}`]),
  ];
}

/** The environment for a worker process: that of this one. */
export function nodeEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: options } = process.env;
  if (options === undefined) return process.env;
  const words = options.match(WORDS) ?? [];
  return { ...process.env, NODE_OPTIONS: withoutLoaders(words).join(' ') };
}

function withoutLoaders(options: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < options.length; index++) {
    const option = options[index]!;
    const [, name, value = options[index + 1] ?? ''] = LOADING.exec(option) ?? [];
    const isPair = name === option;
    const isLoader = name !== undefined && TYPESCRIPT_LOADERS.test(value.replaceAll('"', ''));
    if (!isLoader) kept.push(option, ...(isPair ? options.slice(index + 1, index + 2) : []));
    if (isPair) index++;
  }
  return kept;
}
