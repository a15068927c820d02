// The HTML page of a comparison: one self-contained file with the comparison as its only data.

import type { Comparison } from '../../results/comparison/comparison.js';
import { dataBlock, pageEnd, pageStart } from '../html/page.js';

/** The HTML text of the page. */
export function comparePage(comparison: Comparison): string {
  return [
    pageStart(
      comparison.policies.join(', '),
      'compare.js',
      '`bouncelab compare --json` has the same figures',
    ),
    dataBlock('comparison', JSON.stringify(comparison)),
    pageEnd('compare.js'),
  ].join('');
}
