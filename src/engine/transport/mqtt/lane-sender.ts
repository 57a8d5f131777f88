export * from '../credited/lane-sender.ts';
