import { onEngines } from '../../test/engines/engine';
import { silent } from '../log';
import { telemetryContract } from './contract';
import { openTelemetry } from './open';

onEngines(['elasticsearch'], ({ elasticsearch }) => {
  const url = () => elasticsearch.setting('EDWIN_TEST_ELASTICSEARCH_URL').replace('http', 'elasticsearch+http');
  telemetryContract('Elasticsearch', () => openTelemetry(url(), { log: silent }), {});
});
