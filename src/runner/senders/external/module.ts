// Loads the module of an external sender, JavaScript or TypeScript, and finds places of its source for errors.
// Node loads JavaScript itself. TypeScript goes through jiti, which works in the thread of the module: hooks of
// Node's loader would need a thread, which the module's process may not start, and Node 20 reads no TypeScript.

import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

type ModuleExports = Record<string, unknown>;

/** What V8 says of the syntax of ECMAScript modules in a file that is CommonJS for Node. */
const ESM_IN_COMMONJS = /^(Cannot use import statement outside a module|Unexpected token 'export')$/;
const TYPESCRIPT = /\.[mc]?ts$/;
const INLINE_MAP = /\/\/# sourceMappingURL=data:application\/json;charset=utf-8;base64,([A-Za-z0-9+/=]+)\s*$/;
/** For a file that cannot be parsed, jiti returns this instead of its code. */
const JITI_ERROR = /^exports\.__JITI_ERROR__ = (\{.*\});?\s*$/s;
/** The place at the end of a line of a stack. */
const PLACE =
  /(?<before>^.*?)(?<file>(?:file:\/\/|\/|[A-Za-z]:[\\/])[^()]*):(?<line>\d+):(?<column>\d+)(?<after>\)?)$/;

/** Loads the module of one external sender, with those that it imports. */
export class ModuleLoader {
  /** Code of the files that were transformed, with its map at the end. */
  private readonly transformed = new Map<string, string>();

  /** @param file absolute path */
  constructor(readonly file: string) {}

  /** @throws what the module throws, and SyntaxError with the place as the first line of its stack */
  async load(): Promise<ModuleExports> {
    if (TYPESCRIPT.test(this.file)) return this.transform();
    try {
      return (await import(pathToFileURL(this.file).href)) as ModuleExports;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      // A package.json with "type": "commonjs", as `npm init` writes it, makes every .js file CommonJS.
      if (ESM_IN_COMMONJS.test(error.message)) return this.transform();
      throw await this.placed(error);
    }
  }

  /** A line of a stack, with the place in the source where the line has one of transformed code. */
  original(line: string): string {
    const { before = '', file = '', line: row, column, after = '' } = PLACE.exec(line)?.groups ?? {};
    const code = this.transformed.get(pathOf(file));
    const [, encoded] = (code && INLINE_MAP.exec(code)) ?? [];
    if (encoded === undefined) return line;
    // The first line begins with the function that jiti puts around a module: its columns say nothing.
    if (row === '1') return `${before}${file}:1:1${after}`;
    const map = JSON.parse(Buffer.from(encoded, 'base64').toString()) as SourceMapPayload;
    const entry = new SourceMap(map).findEntry(Number(row) - 1, Number(column) - 1);
    if (!('originalLine' in entry)) return line;
    return `${before}${file}:${entry.originalLine + 1}:${entry.originalColumn + 1}${after}`;
  }

  private async transform(): Promise<ModuleExports> {
    const { createJiti } = await import('jiti');
    const plain = createJiti(this.file, OPTIONS);
    const jiti = createJiti(this.file, {
      ...OPTIONS,
      transform: (options) => {
        const code = plain.transform(options);
        const { filename = this.file } = options;
        this.transformed.set(filename, code);
        const error = syntaxErrorIn(code, filename);
        if (error) throw error;
        return { code };
      },
    });
    return jiti.import<ModuleExports>(this.file);
  }

  /** The error with its place, which Node keeps to itself; as it is when a module that is imported has it. */
  private async placed(error: SyntaxError): Promise<SyntaxError> {
    const { createJiti } = await import('jiti');
    const source = readFileSync(this.file, 'utf8');
    const code = createJiti(this.file, OPTIONS).transform({ filename: this.file, source, async: true });
    return syntaxErrorIn(code, this.file) ?? error;
  }
}

const OPTIONS = {
  // A cache of files would outlive the process, and be shared with other programs.
  fsCache: false,
  interopDefault: false,
  sourceMaps: true,
  tsconfigPaths: true,
} as const;

/** The syntax error that jiti found, as Node would throw it. @param code what jiti made of the file */
function syntaxErrorIn(code: string, file: string): SyntaxError | undefined {
  const [, json] = JITI_ERROR.exec(code) ?? [];
  if (json === undefined) return undefined;
  const { message = '', line = 1, column = 0 } = JSON.parse(json) as Partial<JitiError>;
  const error = new SyntaxError(message.trim());
  // Columns of the parser count from 0.
  error.stack = `SyntaxError: ${error.message}\n    at ${file}:${line}:${column + 1}`;
  return error;
}

interface JitiError {
  message: string;
  line: number;
  column: number;
}

function pathOf(file: string): string {
  return file.startsWith('file:') ? fileURLToPath(file) : file;
}
