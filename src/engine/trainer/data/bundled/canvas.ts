export type Point = readonly [x: number, y: number];

export interface Ellipse {
  readonly at: Point;
  readonly radii: Point;
  /** Radians. */
  readonly turn: number;
}

/** A square grey picture that shapes are painted on, with edges as soft as a pixel; values are 0 to 255 and may be beyond. */
export class Canvas {
  readonly size: number;
  readonly values: Float32Array;

  constructor(size: number, shade: number) {
    this.size = size;
    this.values = new Float32Array(size * size).fill(shade);
  }

  ellipse({ at, radii, turn }: Ellipse, shade: number): void {
    const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
    const [rx, ry] = [Math.max(radii[0], 0.2), Math.max(radii[1], 0.2)];
    const reach = Math.max(rx, ry) + 1;
    this.#paint([at, at], reach, shade, (x, y) => {
      const [dx, dy] = [x - at[0], y - at[1]];
      const [u, v] = [(dx * cos + dy * sin) / rx, (dy * cos - dx * sin) / ry];
      // The distance to an ellipse has no closed form; near its edge this is as good.
      return (1 - Math.hypot(u, v)) * Math.min(rx, ry) + 0.5;
    });
  }

  /** A line through all points, as wide everywhere. */
  stroke(points: readonly Point[], width: number, shade: number): void {
    const reach = width / 2 + 1;
    this.#paint(points, reach, shade, (x, y) => {
      let nearest = Infinity;
      for (let i = 1; i < points.length; i++)
        nearest = Math.min(nearest, distance(x, y, points[i - 1] as Point, points[i] as Point));
      return width / 2 - nearest + 0.5;
    });
  }

  /** @param cover how much of a pixel is covered, below 0 none, above 1 all */
  #paint(points: readonly Point[], reach: number, shade: number, cover: (x: number, y: number) => number): void {
    const xs = points.map(([x]) => x);
    const ys = points.map(([, y]) => y);
    const clip = (value: number): number => Math.min(this.size - 1, Math.max(0, value));
    const [left, right] = [clip(Math.floor(Math.min(...xs) - reach)), clip(Math.ceil(Math.max(...xs) + reach))];
    const [top, bottom] = [clip(Math.floor(Math.min(...ys) - reach)), clip(Math.ceil(Math.max(...ys) + reach))];
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const share = Math.min(1, Math.max(0, cover(x, y)));
        const at = y * this.size + x;
        const before = this.values[at] as number;
        this.values[at] = before + (shade - before) * share;
      }
    }
  }
}

function distance(x: number, y: number, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}
