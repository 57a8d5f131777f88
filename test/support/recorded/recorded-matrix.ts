/** A matrix of so many classes and about so many examples with that accuracy, the same each time. */
export function recordedMatrix(accuracy: number, examples: number, classes: number): number[] {
  const each = examples / classes;
  return Array.from({ length: classes * classes }, (_, i) => {
    const [truth, said] = [Math.floor(i / classes), i % classes];
    const recall = Math.min(1, accuracy * (0.85 + 0.3 * Math.abs(Math.sin(truth * 2.1))));
    if (truth === said) return Math.round(each * recall);
    const near = 1 + Math.abs(Math.cos(truth * 3.7 + said * 1.3)) * 2;
    return Math.round((each * (1 - recall) * near) / (2.27 * (classes - 1)));
  });
}
