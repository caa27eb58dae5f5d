/** web.config of the lab's servers: short texts of the same shape as Exchange's own, and what the sync pool reads of them. */

export type HeartbeatSettings = {
  minHeartbeat: number;
  maxHeartbeat: number;
  sampleSize: number;
  alertThreshold: number;
};

/** Exchange's own values (seconds; the sample size is a count). */
const defaults: HeartbeatSettings = { minHeartbeat: 60, maxHeartbeat: 3540, sampleSize: 200, alertThreshold: 540 };

/**
 * What the pool reads at its start. A range that is not one (longest over 3540, shortest under 1, shortest over longest)
 * falls back to 60 and 3540 for both; keys are found whatever their case.
 */
export function heartbeatSettingsOf(config: string): HeartbeatSettings {
  const minHeartbeat = number(config, 'MinHeartbeatInterval', defaults.minHeartbeat);
  const maxHeartbeat = number(config, 'MaxHeartbeatInterval', defaults.maxHeartbeat);
  const range =
    maxHeartbeat > 3540 || minHeartbeat < 1 || minHeartbeat > maxHeartbeat ? defaults : { minHeartbeat, maxHeartbeat };
  const sampleSize = number(config, 'HeartbeatSampleSize', defaults.sampleSize);
  const alertThreshold = number(config, 'HeartbeatAlertThreshold', defaults.alertThreshold);
  return {
    minHeartbeat: range.minHeartbeat,
    maxHeartbeat: range.maxHeartbeat,
    sampleSize: sampleSize >= 0 && sampleSize <= 10_000 ? sampleSize : defaults.sampleSize,
    alertThreshold: alertThreshold >= 0 && alertThreshold <= 3540 ? alertThreshold : defaults.alertThreshold,
  };
}

function number(config: string, key: string, fallback: number): number {
  const value = new RegExp(`<add\\s+key="${key}"\\s+value="([^"]*)"`, 'i').exec(config)?.[1];
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : fallback;
}

/** Back end, ClientAccess\Sync\web.config. Real files begin with a byte order mark and end lines with CR LF. */
export function syncConfig(): string {
  return windowsText(`<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <!-- Settings of ActiveSync on this server -->
  <appSettings>
    <add key="NumOfQueuedMailboxLogEntries" value="15">
    </add>
    <add key="MaxRequestsQueued" value="500">
    </add>
    <!-- The long timeout must not be shorter than the longest heartbeat below (seconds) -->
    <add key="ProxyHandlerShortTimeout" value="120">
    </add>
    <add key="ProxyHandlerLongTimeout" value="3600">
    </add>
    <!-- Heartbeat intervals that phones may ask for (seconds) -->
    <add key="MinHeartbeatInterval" value="60">
    </add>
    <add key="MaxHeartbeatInterval" value="3540">
    </add>
    <!-- How many intervals are averaged, and the average at which event 1040 is logged -->
    <add key="HeartbeatSampleSize" value="200">
    </add>
    <add key="HeartbeatAlertThreshold" value="540">
    </add>
  </appSettings>
  <system.web>
    <httpRuntime maxRequestLength="10240" fcnMode="Disabled" />
  </system.web>
</configuration>
`);
}

/** Front end, FrontEnd\HttpProxy\<Sync|EWS>\web.config: Exchange takes the request filter of IIS out of these. */
export function frontEndConfig(protocol: 'Eas' | 'Ews', server: string): string {
  return windowsText(`<?xml version="1.0" encoding="UTF-8"?>
<configuration>
  <appSettings>
    <add key="HttpProxy.ProtocolType" value="${protocol}" />
  </appSettings>
  <system.webServer>
    <serverRuntime appConcurrentRequestLimit="65535" uploadReadAheadSize="0" />
    <modules>
      <remove name="FormsAuthentication" />
      <remove name="RequestFilteringModule" />
      <remove name="UrlAuthorization" />
      <add name="HttpRequestFilteringModule" type="Microsoft.Exchange.HttpRequestFiltering.HttpRequestFilteringModule" />
      <add name="HttpProxy" type="Microsoft.Exchange.HttpProxy.ProxyModule" preCondition="" />
    </modules>
    <httpProtocol>
      <customHeaders>
        <add name="X-FEServer" value="${server}" />
      </customHeaders>
    </httpProtocol>
  </system.webServer>
  <system.web>
    <httpRuntime maxRequestLength="10240" />
  </system.web>
</configuration>
`);
}

function windowsText(text: string): string {
  return `\uFEFF${text.replaceAll('\n', '\r\n')}`;
}
