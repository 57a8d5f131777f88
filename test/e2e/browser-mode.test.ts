import { appSpec } from './app-spec.ts';
import { BrowserApp } from './open-app.ts';

appSpec('browser mode', (options) => BrowserApp.open(options));
