// Live fleets for tests: from the YAML of a scenario or of a fleet alone, closed at the end of the test.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { Fact } from '../../src/events/types.js';
import { LiveFleet, type LiveFleetOptions, type LiveHost } from '../../src/live/fleet.js';
import { loadFleet, type FleetPlan } from '../../src/scenarios/fleet-file.js';

export function fleetPlan(yaml: string): FleetPlan {
  const dir = mkdtempSync(path.join(tmpdir(), 'bouncelab-live-'));
  try {
    writeFileSync(path.join(dir, 'fleet.yaml'), yaml);
    const { plan, problems } = loadFleet('fleet.yaml', { cwd: dir });
    if (!plan) throw new Error(problems.map(({ message }) => message).join('\n'));
    return plan;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Opens a fleet at any free port. `facts` grows with what its servers see. */
export async function opened(
  yaml: string,
  options: Partial<LiveFleetOptions> = {},
): Promise<{ fleet: LiveFleet; facts: Fact[]; host: (name: string, family?: string) => LiveHost }> {
  const facts: Fact[] = [];
  const fleet = await LiveFleet.open({
    plan: fleetPlan(yaml),
    smtpPort: 0,
    emit: (fact) => facts.push(fact),
    ...options,
  });
  onTestFinished(() => fleet.close());
  const host = (name: string, family = 'v4'): LiveHost => {
    const found = fleet.places.hosts.find((one) => one.name === name && one.family === family);
    if (!found) throw new Error(`no host ${name}`);
    return found;
  };
  return { fleet, facts, host };
}
