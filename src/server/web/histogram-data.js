// Reads logged histograms and puts those of many steps onto one common grid.

/** `{edges: [n+1], counts: [n]}` of a histogram in either of the two forms that clients log, or null. */
export function readHistogram({ bins, packedBins, values }) {
  if (!Array.isArray(values)) return null;
  if (packedBins) {
    const { min, size } = packedBins;
    return { edges: Array.from({ length: values.length + 1 }, (_, index) => min + index * size), counts: values };
  }
  return bins?.length === values.length + 1 ? { edges: bins, counts: values } : null;
}

/** The lowest and highest edge of all histograms. */
export function commonRange(histograms) {
  let low = Infinity;
  let high = -Infinity;
  for (const { edges } of histograms) {
    low = Math.min(low, edges[0]);
    high = Math.max(high, edges.at(-1));
  }
  return high > low ? [low, high] : [low - 0.5, low + 0.5];
}

/**
 * The share of the histogram's values that falls into each of `cells` equal parts of `[low, high]`; the values of a bin
 * are taken to be spread evenly over it.
 */
export function rebin({ edges, counts }, [low, high], cells) {
  const shares = new Float64Array(cells);
  const total = counts.reduce((sum, value) => sum + value, 0) || 1;
  const width = (high - low) / cells;
  counts.forEach((value, bin) => {
    const from = (edges[bin] - low) / width;
    const to = (edges[bin + 1] - low) / width;
    const first = Math.max(0, Math.min(cells - 1, Math.floor(from)));
    const last = Math.max(first, Math.min(cells - 1, Math.ceil(to) - 1));
    for (let cell = first; cell <= last; cell++) {
      const overlap = to > from ? (Math.min(to, cell + 1) - Math.max(from, cell)) / (to - from) : 1;
      shares[cell] += (Math.max(0, overlap) * value) / total;
    }
  });
  return shares;
}
