export * from '../credited/lane-assembler.ts';
