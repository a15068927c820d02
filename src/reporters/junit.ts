// JUnit XML for CI systems: one test suite per folder, one test case per scenario. Every run writes it to
// its report folder; the `junit` reporter prints the same text.

import { create } from 'xmlbuilder2';
import type { Failure, RunResult, ScenarioResult } from '../results/result.js';
import { comparison } from './comparison.js';
import type { Reporter } from './reporter.js';
import * as plain from './text.js';

type Element = ReturnType<typeof create>;

/** @param write receives the text */
export function junitReporter(write: (text: string) => void): Reporter {
  return {
    onRunEnd(run) {
      for (const part of junitXml(run)) write(part);
    },
  };
}

/**
 * The text of `junit.xml` in parts, one for each scenario: together they may be longer than a string can be.
 * A scenario that failed carries `<failure>`; one that is invalid, inconclusive or ended with an internal error
 * carries `<error>` with its status as type; one that was not played carries `<skipped>` with the reason. Warnings are in `<system-out>`.
 */
export function* junitXml(run: RunResult): Generator<string, void, undefined> {
  yield '<?xml version="1.0" encoding="UTF-8"?>\n';
  const all = create().ele('testsuites', {
    name: 'bouncelab',
    ...totals(run.scenarios),
    timestamp: run.startedAt,
  });
  if (run.scenarios.length === 0) return yield lines(all, 0);
  yield opened(all, 0);
  for (const [folder, scenarios] of byFolder(run.scenarios)) {
    const suite = create().ele('testsuite', {
      name: xmlAttribute(folder),
      ...totals(scenarios),
      skipped: String(scenarios.filter(({ status }) => status === 'skipped').length),
      timestamp: run.startedAt,
    });
    yield opened(suite, 1);
    if (run.interrupted)
      yield lines(create().ele('properties').ele('property', { name: 'interrupted', value: 'true' }).up(), 2);
    for (const scenario of scenarios) yield lines(testCase(folder, scenario), 2);
    yield '  </testsuite>\n';
  }
  yield '</testsuites>\n';
}

/** An element and what is in it. */
function lines(element: Element, depth: number): string {
  const indent = '  '.repeat(depth);
  return `${indent}${element.toString({ prettyPrint: true, offset: depth }).trimStart()}\n`;
}

/** The start tag of an element that has nothing in it yet. */
function opened(element: Element, depth: number): string {
  return lines(element, depth).replace(/\/>\n$/, '>\n');
}

function totals(scenarios: ScenarioResult[]): Record<string, string> {
  const failures = scenarios.filter(({ status }) => status === 'failed').length;
  const fine = scenarios.filter(({ status }) => status === 'passed' || status === 'skipped').length;
  return {
    tests: String(scenarios.length),
    failures: String(failures),
    errors: String(scenarios.length - failures - fine),
    time: seconds(scenarios.reduce((sum, { wallMs }) => sum + wallMs, 0)),
  };
}

function byFolder(scenarios: ScenarioResult[]): Map<string, ScenarioResult[]> {
  const folders = new Map<string, ScenarioResult[]>();
  for (const scenario of scenarios) {
    const folder = scenario.file.split('/').slice(0, -1).join('/') || '.';
    const known = folders.get(folder);
    if (known) known.push(scenario);
    else folders.set(folder, [scenario]);
  }
  return folders;
}

function testCase(folder: string, scenario: ScenarioResult): Element {
  const element = create().ele('testcase', {
    name: xmlAttribute(scenario.name),
    classname: xmlAttribute(folder),
    file: xmlAttribute(scenario.file),
    time: seconds(scenario.wallMs),
  });
  const properties = element.ele('properties');
  for (const name of ['seed', 'policy', 'wire', 'fingerprint', 'virtualMs'] as const) {
    properties.ele('property', { name, value: xmlAttribute(String(scenario[name])) });
  }
  if (scenario.status === 'skipped') element.ele('skipped', { message: xmlAttribute(scenario.reason ?? '') });
  else if (scenario.status !== 'passed') failed(element, scenario);
  // JUnit has no place for warnings; CI systems show this text with the test case.
  const warnings = scenario.warnings.map(
    ({ file, line, column, message }) => `warning: ${file}:${line}:${column}\n${message}`,
  );
  if (warnings.length > 0) element.ele('system-out').txt(xmlText(warnings.join('\n\n')));
  return element;
}

function failed(element: Element, scenario: ScenarioResult): void {
  // Many CI systems read only one failure per test case, so one element holds all of them.
  const [first, ...rest] = scenario.failures;
  const more = rest.length > 0 ? ` (and ${rest.length} more)` : '';
  const message = `${first?.message ?? scenario.status}${more}`;
  element
    .ele(scenario.status === 'failed' ? 'failure' : 'error', {
      message: xmlAttribute(message.replaceAll(/\s+/g, ' ')),
      type: scenario.status,
    })
    .txt(xmlText(scenario.failures.map(failureText).join('\n\n')));
}

function failureText(failure: Failure): string {
  const lines = [failure.message, `${failure.file}:${failure.line}:${failure.column}`, comparison(failure)];
  lines.push(...(failure.details ?? []));
  if (failure.hint !== undefined) lines.push(`hint: ${failure.hint}`);
  return lines.filter((line) => line !== '').join('\n');
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** Escapes every `&`, because the XML builder leaves text such as `&lt;` as it is. */
function xmlAttribute(text: string): string {
  return plain.xmlAttribute(text).replaceAll('&', '&amp;');
}

function xmlText(text: string): string {
  return plain.xmlText(text).replaceAll('&', '&amp;');
}
