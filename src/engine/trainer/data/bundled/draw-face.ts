import type { Random } from '#shared/base/random.ts';
import { Canvas, type Point } from './canvas.ts';

/** In alphabetical order, with FER2013's words: a folder of somebody's pictures can take part under the same names. */
export const emotions = ['angry', 'disgust', 'fear', 'happy', 'neutral', 'sad', 'surprise'] as const;
export type Emotion = (typeof emotions)[number];

export const faceSide = 48;

/** Where the parts of a face are, in halves of its width; up is negative. */
interface Expression {
  /** Ends of the eyebrows, above where they usually are. */
  readonly browInner: number;
  readonly browOuter: number;
  /** Height of an eye, 1: as usual. */
  readonly eyes: number;
  /** How far the corners of the mouth are above its middle. */
  readonly smile: number;
  readonly mouthOpen: number;
  readonly mouthWidth: number;
  /** One side of the mouth above the other. */
  readonly sneer: number;
  /** Wrinkles at the bridge of the nose, 0 to 1. */
  readonly wrinkle: number;
}

const neutral: Expression = {
  browInner: 0,
  browOuter: 0,
  eyes: 0.85,
  smile: 0,
  mouthOpen: 0.02,
  mouthWidth: 0.36,
  sneer: 0,
  wrinkle: 0,
};

/** After the action units that Ekman and Friesen give for the seven (FACS, 1978), as far as lines can show them. */
const expressions: Readonly<Record<Emotion, Expression>> = {
  angry: { ...neutral, browInner: -0.17, browOuter: 0.08, eyes: 0.6, smile: -0.1, mouthWidth: 0.38, wrinkle: 0.5 },
  disgust: { ...neutral, browInner: -0.1, eyes: 0.4, smile: -0.12, mouthOpen: 0.08, sneer: 0.16, wrinkle: 1 },
  fear: { ...neutral, browInner: 0.18, browOuter: 0.03, eyes: 1.35, smile: -0.08, mouthOpen: 0.16, mouthWidth: 0.42 },
  happy: { ...neutral, browOuter: 0.03, eyes: 0.6, smile: 0.24, mouthOpen: 0.1, mouthWidth: 0.48 },
  neutral,
  sad: { ...neutral, browInner: 0.15, browOuter: -0.1, eyes: 0.55, smile: -0.2, mouthWidth: 0.32 },
  surprise: { ...neutral, browInner: 0.2, browOuter: 0.2, eyes: 1.35, mouthOpen: 0.34, mouthWidth: 0.22 },
};

/** How far each measure strays from one face to the next: standard deviations. */
const strays: Expression = {
  browInner: 0.03,
  browOuter: 0.03,
  eyes: 0.12,
  smile: 0.035,
  mouthOpen: 0.025,
  mouthWidth: 0.03,
  sneer: 0.02,
  wrinkle: 0.15,
};

/** A 48x48 grey picture of a face: pose, light, thickness of lines and how much of the emotion shows differ each time. Decision 0110. */
export function drawFace(emotion: Emotion, random: Random): Uint8Array {
  const face = expressionOf(emotion, random.fork('expression'));
  const look = lookOf(random.fork('look'));
  const canvas = new Canvas(faceSide, look.background);
  drawHead(canvas, look);
  for (const side of [-1, 1]) {
    drawEye(canvas, look, face, side);
    drawBrow(canvas, look, face, side);
  }
  drawNose(canvas, look, face);
  drawMouth(canvas, look, face);
  return exposed(canvas, look, random.fork('noise'));
}

function expressionOf(emotion: Emotion, random: Random): Expression {
  const strength = between(random, 0.75, 1.1);
  const full = expressions[emotion];
  const measure = (name: keyof Expression): number =>
    neutral[name] + (full[name] - neutral[name]) * strength + random.normal() * strays[name];
  return {
    browInner: measure('browInner'),
    browOuter: measure('browOuter'),
    eyes: Math.max(0.15, measure('eyes')),
    smile: measure('smile'),
    mouthOpen: Math.max(0, measure('mouthOpen')),
    mouthWidth: measure('mouthWidth'),
    sneer: measure('sneer') * (random.next() < 0.5 ? -1 : 1),
    wrinkle: measure('wrinkle'),
  };
}

/** All that differs and says nothing of the emotion. */
interface Look {
  /** From face to picture. */
  readonly place: (x: number, y: number) => Point;
  readonly scale: number;
  readonly turn: number;
  readonly width: number;
  readonly height: number;
  readonly background: number;
  readonly skin: number;
  readonly ink: number;
  readonly hair: number;
  readonly hairLine: number;
  readonly line: number;
  readonly eyeGap: number;
  readonly light: Point;
  readonly noise: number;
}

function lookOf(random: Random): Look {
  const scale = between(random, 15, 19.5);
  const turn = random.normal() * 0.12;
  // Turned to a side, features move over the head and draw together.
  const yaw = random.normal() * 0.16;
  const [cx, cy] = [faceSide / 2 - 0.5 + random.normal() * 1.6, faceSide / 2 - 0.5 + random.normal() * 1.6];
  const [cos, sin] = [Math.cos(turn) * scale, Math.sin(turn) * scale];
  const place = (x: number, y: number): Point => {
    const [u, v] = [x * Math.cos(yaw) + Math.sin(yaw) * 0.5, y];
    return [cx + u * cos - v * sin, cy + u * sin + v * cos];
  };
  const skin = between(random, 95, 225);
  return {
    place,
    scale,
    turn,
    width: between(random, 0.82, 0.98),
    height: between(random, 1.05, 1.22),
    background: between(random, 20, 235),
    skin,
    ink: skin - between(random, 60, 90),
    hair: between(random, 15, 130),
    hairLine: between(random, -0.85, -0.62),
    line: between(random, 1.1, 2.3),
    eyeGap: between(random, 0.34, 0.42),
    light: [random.normal() * 14, random.normal() * 14],
    noise: between(random, 3, 9),
  };
}

function drawHead(canvas: Canvas, look: Look): void {
  const { place, scale, turn, width, height, skin, hair, hairLine } = look;
  canvas.ellipse({ at: place(0, -0.1), radii: [(width + 0.1) * scale, height * scale], turn }, hair);
  const below = (height + 0.06 - hairLine) / 2;
  canvas.ellipse({ at: place(0, hairLine + below), radii: [width * scale, below * scale], turn }, skin);
}

function drawEye(canvas: Canvas, look: Look, { eyes }: Expression, side: number): void {
  const { place, scale, turn, ink, eyeGap, line, skin } = look;
  const at = place(side * eyeGap, -0.18);
  const height = 0.09 * eyes * scale;
  const rim = { at, radii: [0.17 * scale + line * 0.25, height + line * 0.3] as const, turn };
  canvas.ellipse(rim, ink);
  canvas.ellipse({ at, radii: [0.16 * scale, height], turn }, Math.min(250, skin + 60));
  const pupil = Math.min(0.075 * scale, height);
  canvas.ellipse({ at, radii: [0.075 * scale, pupil], turn }, ink - 40);
}

function drawBrow(canvas: Canvas, { place, ink, line, eyeGap }: Look, face: Expression, side: number): void {
  const inner = -0.42 - face.browInner;
  const outer = -0.42 - face.browOuter;
  const ends = [place(side * (eyeGap - 0.17), inner), place(side * (eyeGap + 0.19), outer)] as const;
  const middle = place(side * (eyeGap + 0.03), (inner + outer) / 2 - 0.05);
  canvas.stroke([ends[0], middle, ends[1]], line * 1.25, ink - 20);
}

function drawNose(canvas: Canvas, { place, ink, skin, line }: Look, { wrinkle }: Expression): void {
  canvas.stroke([place(0.02, -0.05), place(0.09, 0.22), place(-0.05, 0.24)], line * 0.7, (ink + skin) / 2);
  if (wrinkle < 0.25) return;
  const shade = skin + (ink - skin) * Math.min(1, wrinkle);
  for (const side of [-1, 1]) canvas.stroke([place(side * 0.05, -0.3), place(side * 0.04, -0.16)], line * 0.7, shade);
  if (wrinkle < 0.7) return;
  for (const side of [-1, 1]) canvas.stroke([place(side * 0.14, 0.16), place(side * 0.3, 0.36)], line * 0.7, shade);
}

function drawMouth(canvas: Canvas, { place, scale, turn, ink, line }: Look, face: Expression): void {
  const { smile, mouthOpen, mouthWidth, sneer } = face;
  const lip = (bend: number): Point[] =>
    Array.from({ length: 9 }, (_, i) => {
      const t = i / 4 - 1;
      return place(t * mouthWidth, 0.55 + bend * (1 - t * t) - smile * t * t * 0.6 + smile * 0.3 - sneer * t * 0.5);
    });
  if (mouthOpen > 0.14 && mouthWidth < 0.33) {
    // Round and wide open.
    const radii = [mouthWidth * scale, mouthOpen * 0.8 * scale] as const;
    canvas.ellipse({ at: place(0, 0.6), radii, turn }, ink - 45);
    return;
  }
  const upper = lip(-mouthOpen * 0.4 + smile * 0.25);
  const lower = lip(mouthOpen * 0.9 + smile * 0.45);
  if (mouthOpen > 0.05) {
    for (let part = 1; part < 4; part++) {
      const between = upper.map(([x, y], i): Point => {
        const [lx, ly] = lower[i] as Point;
        return [x + ((lx - x) * part) / 4, y + ((ly - y) * part) / 4];
      });
      canvas.stroke(between, 1.6, ink - 45);
    }
    canvas.stroke(lower, line * 0.8, ink);
  }
  canvas.stroke(upper, line, ink);
}

function exposed({ values }: Canvas, { light, noise }: Look, random: Random): Uint8Array {
  const half = faceSide / 2;
  const pixels = new Uint8Array(values.length);
  for (let i = 0; i < pixels.length; i++) {
    const [x, y] = [((i % faceSide) - half) / half, (Math.floor(i / faceSide) - half) / half];
    // Three in one have the variance 1/4 and are as good as normal here, at a fifth of its time.
    const grain = (random.next() + random.next() + random.next() - 1.5) * 2 * noise;
    const lit = (values[i] as number) + light[0] * x + light[1] * y + grain;
    pixels[i] = Math.min(255, Math.max(0, Math.round(lit)));
  }
  return pixels;
}

function between(random: Random, low: number, high: number): number {
  return low + random.next() * (high - low);
}
