// Smoothing of noisy curves.

/**
 * The exponential moving average with `weight` in 0..0.99. The start is debiased: without the division the average would
 * begin near zero whatever the values are. Gaps (null) stay gaps and do not enter the average.
 */
export function smooth(values, weight) {
  let average = 0;
  let bias = 1;
  return values.map((value) => {
    if (value === null) return null;
    average = weight * average + (1 - weight) * value;
    bias *= weight;
    return average / (1 - bias);
  });
}
