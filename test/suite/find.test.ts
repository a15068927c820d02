// From the arguments of the command line to scenario files.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/base/errors.js';
import { findScenarios } from '../../src/suite/find.js';

const root = mkdtempSync(join(tmpdir(), 'bouncelab-find-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function touch(...names: string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), '');
  }
}
touch(
  'scenarios/b.yaml',
  'scenarios/a.yml',
  'scenarios/deep/er/c.yaml',
  'scenarios/README.md',
  'scenarios/B.YAML',
);
touch('project/own.yaml', 'project/node_modules/bouncelab/scenarios/shipped.yaml');
touch('empty/notes.txt', 'odd [name]/x{1}.yaml', 'scenario.txt', 'other/deep/d.yaml');

const find = (...inputs: string[]) => findScenarios(inputs, root);
const ALL = ['scenarios/B.YAML', 'scenarios/a.yml', 'scenarios/b.yaml', 'scenarios/deep/er/c.yaml'];
const told = (...inputs: string[]) =>
  find(...inputs).problems.map(({ message, hint }) => `${message} | ${hint}`);

describe('finding scenarios', () => {
  it('takes every .yaml and .yml of a folder and the folders in it, sorted', () => {
    expect(find('scenarios')).toMatchObject({ files: ALL, problems: [] });
    expect(find('./scenarios/').files).toEqual(ALL);
    expect(find(join(root, 'scenarios')).files).toEqual(ALL);
    expect(find('.').files).toEqual([
      'odd [name]/x{1}.yaml',
      'other/deep/d.yaml',
      'project/own.yaml',
      ...ALL,
    ]);
  });

  it('skips node_modules, unless it is given itself', () => {
    expect(find('project').files).toEqual(['project/own.yaml']);
    const shipped = 'project/node_modules/bouncelab/scenarios';
    expect(find(shipped).files).toEqual([`${shipped}/shipped.yaml`]);
    expect(find(`${shipped}/*`).files).toEqual([`${shipped}/shipped.yaml`]);
  });

  it('takes the folder `scenarios` when nothing is given', () => {
    expect(find().files).toEqual(ALL);
    expect(findScenarios([], join(root, 'empty')).problems.map(({ message }) => message)).toEqual([
      'no scenario is named, and there is no folder `scenarios` here',
    ]);
  });

  it('takes a file whatever its name ends in', () => {
    expect(find('scenario.txt').files).toEqual(['scenario.txt']);
    expect(find('odd [name]/x{1}.yaml').files).toEqual(['odd [name]/x{1}.yaml']);
    expect(find('odd [name]').files).toEqual(['odd [name]/x{1}.yaml']);
  });

  it('takes globs, and only the scenarios among their matches', () => {
    expect(find('scenarios/*.yaml').files).toEqual(['scenarios/b.yaml']);
    expect(find('*/deep/**').files).toEqual(['other/deep/d.yaml', 'scenarios/deep/er/c.yaml']);
    expect(find('scenarios/*').files).toEqual(['scenarios/B.YAML', 'scenarios/a.yml', 'scenarios/b.yaml']);
    expect(find('{other,scenarios}/deep/**/[cd].yaml').files).toEqual([
      'other/deep/d.yaml',
      'scenarios/deep/er/c.yaml',
    ]);
  });

  it('takes globs above the working directory, beside it and from the root', () => {
    const from = (pattern: string, folder = 'empty') => findScenarios([pattern], join(root, folder)).files;
    expect(from('../scenarios/*.yaml')).toEqual(['../scenarios/b.yaml']);
    expect(from('../*/deep/**')).toEqual(['../other/deep/d.yaml', '../scenarios/deep/er/c.yaml']);
    expect(from('../../scenarios/deep/**/*.yaml', 'other/deep')).toEqual(['../../scenarios/deep/er/c.yaml']);
    expect(from('../{other/deep,scenarios}/*.yaml')).toEqual(['../other/deep/d.yaml', '../scenarios/b.yaml']);
    expect(from('.././scenarios/[ab].y*ml')).toEqual(['../scenarios/a.yml', '../scenarios/b.yaml']);
    expect(from(join(root, 'scenarios/*.yaml'))).toEqual(['../scenarios/b.yaml']);
    expect(from('../nowhere/*.yaml')).toEqual([]);
  });

  it('names each file once, however often it is given', () => {
    expect(
      find(
        'scenarios/b.yaml',
        './scenarios/b.yaml',
        join(root, 'scenarios/b.yaml'),
        'scenarios',
        'scenarios/b*',
      ).files,
    ).toEqual(ALL);
  });

  it('names files outside the working directory by a relative path', () => {
    expect(findScenarios(['../scenarios/b.yaml'], join(root, 'empty')).files).toEqual([
      '../scenarios/b.yaml',
    ]);
  });

  it('follows no link in a folder or a pattern, and follows one that is named', () => {
    const links = { loop: join(root, 'other'), top: '/', 'file.yaml': join(root, 'scenarios/b.yaml') };
    for (const [name, target] of Object.entries(links)) symlinkSync(target, join(root, 'other/deep', name));
    symlinkSync(join(root, 'other'), join(root, 'linked'));
    try {
      expect(find('other').files).toEqual(['other/deep/d.yaml']);
      expect(find('other/**').files).toEqual(['other/deep/d.yaml']);
      expect(find('linked').files).toEqual(['linked/deep/d.yaml']);
      expect(find('other/deep/file.yaml').files).toEqual(['other/deep/file.yaml']);
    } finally {
      for (const name of Object.keys(links)) rmSync(join(root, 'other/deep', name));
      rmSync(join(root, 'linked'));
    }
  });

  it.each([
    ['scenarois', 'there is no file or folder `scenarois` | did you mean `scenarios`?'],
    [
      'scenarios/bb.yaml',
      'there is no file or folder `scenarios/bb.yaml` | did you mean `scenarios/b.yaml`?',
    ],
    [
      'no/such/thing',
      'there is no file or folder `no/such/thing` | give files, folders or patterns such as "scenarios/**/*.yaml"',
    ],
    [
      'empty',
      'the folder `empty` holds no scenario | scenarios are files whose names end in .yaml or .yml; links in it are not followed',
    ],
    [
      'nope/*.yaml',
      'no scenario matches `nope/*.yaml` | a pattern such as "scenarios/**/*.yaml" finds files in all folders below; put it in quotes',
    ],
    [
      'empty/*',
      'no scenario matches `empty/*` | a pattern such as "scenarios/**/*.yaml" finds files in all folders below; put it in quotes',
    ],
  ])('tells of %s', (input, expected) => {
    expect(told(input)).toEqual([expected]);
  });

  it('reports each wrong input and takes the others', () => {
    const { files, problems } = find('nope', 'scenarios', 'empty');
    expect(files).toEqual(ALL);
    expect(problems.map(({ code, exitCode }) => [code, exitCode])).toEqual([
      ['E_NOT_FOUND', EXIT.usage],
      ['E_NOT_FOUND', EXIT.usage],
    ]);
  });
});
