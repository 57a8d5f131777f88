export interface ClassWeighting {
  /** One for each class, above or equal 0; all 1 where nothing is said. */
  readonly classWeights?: readonly number[];
  /** Share of each target that is spread over all classes (Szegedy et al. 2016, arXiv:1512.00567). */
  readonly labelSmoothing?: number;
}

/**
 * Fills the targets of cross-entropy [rows, classes] for the labels of a batch, zeros behind them, with the numbers that
 * give PyTorch's CrossEntropyLoss(weight, label_smoothing): an example of the class y gets (1 - s) w_y at its class and
 * s / classes w_c at each class c, divided by the sum of w_y over the batch.
 */
export function fillClassTargets(
  targets: Float32Array,
  labels: ArrayLike<number>,
  options: ClassWeighting & { readonly count: number; readonly classes: number },
): void {
  const { count, classes, classWeights, labelSmoothing = 0 } = options;
  const weight = (label: number): number => classWeights?.[label] ?? 1;
  let total = 0;
  for (let row = 0; row < count; row++) total += weight(labels[row] as number);
  targets.fill(0);
  // A batch of classes without weight teaches nothing.
  if (total <= 0) return;
  for (let row = 0; row < count; row++) {
    const label = labels[row] as number;
    if (labelSmoothing > 0) {
      for (let c = 0; c < classes; c++) targets[row * classes + c] = ((labelSmoothing / classes) * weight(c)) / total;
    }
    const place = row * classes + label;
    targets[place] = (targets[place] as number) + ((1 - labelSmoothing) * weight(label)) / total;
  }
}
