import { appSpec } from './app-spec.ts';
import { WindowApp } from './open-app.ts';

appSpec('window', (options) => WindowApp.open(options));
