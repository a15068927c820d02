// The history of one contact for a terminal: its deliveries, every attempt with the SMTP dialogue and the
// decision of the policy, and the final status of the contact.

import { formatDuration } from '../../base/units.js';
import { plural } from '../figures.js';
import { deliveriesOf, type ToldAttempt, type ToldDelivery } from '../../results/view/story.js';
import type { ContactStory, ScenarioView } from '../../results/view/view.js';
import { wrap } from './layout.js';
import { sparkline } from './sparkline.js';
import type { Colors } from './lines.js';
import { terminalLine, terminalLines } from '../text.js';

/** Equal attempts in a row that are all shown; of more, only the first and the last are. */
const ALIKE_MAX = 3;
const SPARK_COLUMNS = 60;
/** Other domains of a site that are named. */
const OTHERS_MAX = 5;

/** Hosts that several domains share. */
export interface SiteFacts {
  name: string;
  /** The other domains. */
  others: readonly string[];
  /** Whether the policy takes the domains for one destination, which share connections and their results. */
  isOneDestination: boolean;
}

export interface ExplainOptions {
  /** The site of the contact's domain. */
  site?: SiteFacts | undefined;
  columns: number;
  colors: Colors;
  /** Show only the deliveries of this mailing. */
  mailing?: string | undefined;
}

/** @returns lines no wider than `columns`, safe for a terminal */
export function explainLines(view: ScenarioView, contact: ContactStory, options: ExplainOptions): string[] {
  const { colors, columns, mailing, site } = options;
  const deliveries = deliveriesOf(view, contact).filter(
    (one) => mailing === undefined || one.mailing === mailing,
  );
  const text = (line: string): string[] => wrap(line, columns);
  const lines = [
    ...text(terminalLine(contact.written ?? contact.address)).map(colors.bold),
    ...text(`${terminalLine(view.scenario)}, policy ${view.policy?.name ?? 'unknown'}`).map(colors.dim),
    ...(site ? text(terminalLine(siteText(site))).map(colors.dim) : []),
  ];
  for (const delivery of deliveries) lines.push('', ...deliveryLines(view, delivery, options));
  if (deliveries.length === 0) lines.push('', ...text('No mailing was sent to this contact.'));
  if (contact.notes.length > 0) {
    lines.push('', colors.bold('The contact'));
    for (const [t, note] of contact.notes)
      lines.push(...text(`  ${formatDuration(t)}  ${terminalLine(note)}`));
  }
  lines.push(
    '',
    ...text(`At the end: ${contact.status}, soft-bounce streak ${contact.streak}.`).map(colors.bold),
  );
  return lines;
}

function siteText({ name, others, isOneDestination }: SiteFacts): string {
  const named = others.slice(0, OTHERS_MAX).join(', ');
  const more = others.length > OTHERS_MAX ? ` and ${plural(others.length - OTHERS_MAX, 'domain')} more` : '';
  const how = isOneDestination
    ? 'one destination, with common connections and limits'
    : 'the policy keeps each domain apart, and the limits of the hosts count all of them';
  return `site ${name}: its hosts also receive for ${named}${more}; ${how}`;
}

function deliveryLines(
  view: ScenarioView,
  delivery: ToldDelivery,
  { columns, colors, site }: ExplainOptions,
): string[] {
  const { mailing, state, attempts, endedAt, why } = delivery;
  const ended = endedAt === undefined ? '' : ` at ${formatDuration(endedAt)}`;
  const lines = wrap(
    `${terminalLine(mailing)}: ${state}${ended}${why === undefined ? '' : ` (${terminalLine(why)})`}, ${plural(attempts.length, 'attempt')}`,
    columns,
  ).map(colors.bold);
  const curve = view.mailings.find(({ name }) => name === mailing)?.curve;
  if (curve && curve.t.length > 1) {
    const label = '  in progress ';
    const spark = sparkline(
      curve.t,
      curve.inProgress,
      Math.max(8, Math.min(SPARK_COLUMNS, columns - label.length - 2)),
    );
    lines.push(colors.dim(`${label}|${spark}|`));
    const span = `${formatDuration(curve.t[0]!)} to ${formatDuration(curve.t.at(-1)!)}, at most ${Math.max(...curve.inProgress)}`;
    lines.push(...wrap(`  ${span}`, columns).map(colors.dim));
  }
  for (let at = 0; at < attempts.length;) {
    const alike = alikeFrom(attempts, at);
    if (alike <= ALIKE_MAX) {
      lines.push('', ...attemptLines(attempts[at++]!, columns, colors, site));
      continue;
    }
    const last = attempts[at + alike - 1]!;
    lines.push('', ...attemptLines(attempts[at]!, columns, colors, site), '');
    const between = `… ${plural(alike - 2, 'attempt')} more with the same result, ${formatDuration(attempts[at + 1]!.startedAt)} to ${formatDuration(attempts[at + alike - 2]!.startedAt)}`;
    lines.push(
      ...wrap(`  ${between}`, columns).map(colors.dim),
      '',
      ...attemptLines(last, columns, colors, site),
    );
    at += alike;
  }
  return lines;
}

/** The number of attempts, from `at` on, with the same host, stage, outcome, cause and reply. */
function alikeFrom(attempts: readonly ToldAttempt[], at: number): number {
  const key = ({ host, stage, outcome, cause, said }: ToldAttempt): string =>
    [host, stage, outcome, cause, said].join('\n');
  const first = key(attempts[at]!);
  let end = at + 1;
  while (end < attempts.length && key(attempts[end]!) === first) end++;
  return end - at;
}

function attemptLines(
  attempt: ToldAttempt,
  columns: number,
  colors: Colors,
  site: SiteFacts | undefined,
): string[] {
  const {
    n,
    startedAt,
    endedAt,
    host,
    stage,
    outcome,
    cause,
    said,
    lines: dialogue,
    decision,
    session,
    transaction,
    shared,
  } = attempt;
  const color = outcome === 'accepted' ? colors.green : outcome === 'rejected' ? colors.red : colors.yellow;
  const head = `attempt ${n}  ${formatDuration(startedAt)}  ${host === undefined ? 'no host' : terminalLine(host)}  ${outcome} at ${stage}${outcome === 'accepted' ? '' : `, cause ${cause}`}`;
  const lines = wrap(`  ${head}`, columns).map(color);
  if (session !== undefined && transaction > 1) {
    lines.push(...wrap(`    message ${transaction} on connection ${session}`, columns).map(colors.dim));
  }
  for (const { t, kind, text } of dialogue) {
    const mark = kind === '-' ? '·' : kind;
    for (const [index, part] of terminalLines(text).entries()) {
      const lead = index === 0 ? `+${formatDuration(t - startedAt)}`.padStart(8) : ' '.repeat(8);
      const whole = wrap(part, columns - 15);
      for (const [row, piece] of whole.entries()) {
        lines.push(`    ${row === 0 ? lead : ' '.repeat(8)} ${row === 0 ? mark : ' '} ${piece}`);
      }
    }
  }
  if (dialogue.length === 0 && said !== '') {
    lines.push(...terminalLines(said).flatMap((line) => wrap(`    ${line}`, columns)));
  }
  const took = `ended after ${formatDuration(endedAt - startedAt)}`;
  lines.push(...wrap(`    ${took}. ${terminalLine(decision.text)}`, columns));
  if (shared && site?.isOneDestination)
    lines.push(
      ...wrap(
        `    The connection may have been opened for another domain of the site ${terminalLine(site.name)}.`,
        columns,
      ),
    );
  if (decision.rule !== '')
    lines.push(...wrap(`    ${decision.rule} (docs/semantics.md)`, columns).map(colors.dim));
  return lines;
}
