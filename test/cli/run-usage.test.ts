// Wrong usage of `bouncelab run`: each error names the mistake and ends the command before anything is played.

import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ScenarioStatus } from '../../src/results/result.js';
import { pretend, scenarioText, Workplace } from './harness.js';

let at: Workplace;
beforeEach(() => {
  at = new Workplace();
});
afterEach(() => at.remove());

/** An executor that gives each scenario the status in the first word of its name. */
const byName = () => pretend((name) => name.split(' ')[0] as ScenarioStatus);

describe('wrong usage ends with exit code 2 before anything is played', () => {
  beforeEach(() => {
    at.write({ 'scenarios/yahoo-down.yaml': scenarioText('Yahoo is down', { tags: 'outage' }), blocked: '' });
  });

  it.each<[string, string[], RegExp]>([
    [
      'an unknown file',
      ['run', 'scenarios/yahoo-dwon.yaml'],
      /no file or folder `scenarios\/yahoo-dwon\.yaml`\n {2}did you mean `scenarios\/yahoo-down\.yaml`\?/,
    ],
    ['several unknown files', ['run', 'nix.yaml', 'nada.yaml'], /`nix\.yaml`[^]*`nada\.yaml`/],
    ['a glob without a match', ['run', 'scenarios/**/x*.yaml'], /`scenarios\/\*\*\/x\*\.yaml`/],
    [
      'a pattern without a match',
      ['run', '-g', 'gmail'],
      /no scenario matches scenarios and the pattern "gmail"/,
    ],
    ['an unknown policy', ['run', '--policy', 'ema'], /unknown policy `ema`\n {2}did you mean `emma`\?/],
    [
      'a sender module that does not exist',
      ['run', '--sender', 'mine.js'],
      /the sender `mine\.js` cannot be read: there is no such file\n {2}it is a module in JavaScript or TypeScript/,
    ],
    [
      'an unknown reporter',
      ['run', '--reporter', 'terminal,jsn'],
      /no reporter `jsn`\n {2}did you mean `json`\?/,
    ],
    ['two reporters for one stream', ['run', '--reporter', 'json,junit'], /both write to standard output/],
    ['an unknown option', ['run', '--sed', '3'], /unknown option '--sed'\n\(Did you mean --seed\?\)/],
    ['an unknown command', ['rnu'], /unknown command 'rnu'\n\(Did you mean run\?\)/],
    ['no workers', ['run', '--workers', '0'], /whole number from 1/],
    ['half a worker', ['run', '--workers', '1.5'], /whole number from 1/],
    ['a time without unit', ['run', '--timeout', '60'], /a duration such as 30s/],
    ['a time beyond reason', ['run', '--timeout', '900d'], /at most 24h/],
    ['an empty seed', ['run', '--seed', ''], /must not be empty/],
    ['an output folder without a name', ['run', '--output', ''], /must not be empty/],
    ['an option without its value', ['run', '--output'], /argument missing/],
    [
      'an output folder that is a file',
      ['run', '--output', 'blocked'],
      /cannot be written to .*blocked: there is a file of that name/,
    ],
    [
      'an output folder that is not writable',
      ['run', '--output', '/proc/nothing'],
      /cannot be written to \/proc\/nothing/,
    ],
    [
      '--export-contacts in a folder that does not exist',
      ['run', '--export-contacts', 'no/after.csv'],
      /contacts cannot be written to no\/after\.csv: there is no folder[^]*create the folder/,
    ],
    [
      '--export-contacts to a folder',
      ['run', '--export-contacts', 'scenarios'],
      /contacts cannot be written to scenarios: it is not a file/,
    ],
    [
      '--export-contacts in a folder that is not writable',
      ['run', '--export-contacts', '/proc/after.csv'],
      /contacts cannot be written to \/proc\/after\.csv: [^]*name another file with --export-contacts/,
    ],
    ['last failed without a last run', ['run', '--last-failed'], /no last run[^]*without --last-failed/],
    [
      '--watch with a reporter for programs',
      ['run', '--watch', '--reporter', 'json'],
      /--watch cannot be used with the reporter json/,
    ],
    ['too many words', ['schema', 'scenario', 'policy'], /too many arguments/],
    ['no command', [], /Usage: bouncelab/],
  ])('%s', async (_what, argv, message) => {
    const executor = byName();
    const { code, stdout, stderr } = await at.run(argv, executor);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).not.toMatch(/^ +at /m);
    expect(executor.played).toEqual([]);
    expect(existsSync(at.path('reports'))).toBe(false);
  });

  it('a folder without scenarios', async () => {
    at.write({ 'empty/readme.txt': '' });
    const { code, stderr } = await at.run(['run', 'empty']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('holds no scenario')]);
  });

  it('escapes control characters of arguments', async () => {
    const { code, stderr } = await at.run(['run', '-g', 'a\u001b[2Jb', '--output', 'x\u001b[2J']);
    expect(code).toBe(2);
    expect(stderr).not.toContain('\u001b');
    expect(stderr).toContain('\\x1b[2J');
  });

  it('ends with exit code 3 for an invalid policy file, and shows its problem once', async () => {
    for (const name of ['b', 'c']) at.write({ [`scenarios/${name}.yaml`]: scenarioText(name) });
    at.write({ 'mine.yaml': 'name: mine\nretry: { intervall: 5m }\n' });
    const { code, stderr } = await at.run(['run', '--policy', './mine.yaml']);
    expect(code).toBe(3);
    expect(stderr.match(/mine\.yaml:2:/g)).toHaveLength(1);
    expect(stderr).toContain('intervall');
  });
});
