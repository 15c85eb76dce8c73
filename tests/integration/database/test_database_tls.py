"""`sslmode` on the wire, with servers whose certificate is trusted, not trusted or absent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLCertVerificationError, SSLContext

import asyncpg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from src.db.url import DatabaseUrl

# https://www.postgresql.org/docs/current/protocol-message-formats.html
_SSL_REQUEST = (80877103).to_bytes(4)
_AUTHENTICATED = b"R\0\0\0\x08\0\0\0\0"
_VERSION = b"S\0\0\0\x18server_version\x0018.0\0"
_READY = b"Z\0\0\0\x05I"

_HOUR = timedelta(hours=1)
_USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


class Server:
    """A server that accepts every PostgreSQL login, and records whether the connection was encrypted."""

    def __init__(self, context: SSLContext | None) -> None:
        self._context = context
        self.encrypted: list[bool] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):  # a client that does not trust the certificate disconnects
            if await self._message(reader) == _SSL_REQUEST:
                writer.write(b"S" if self._context else b"N")
                if self._context:
                    await writer.start_tls(self._context)
                await self._message(reader)
            self.encrypted.append(writer.get_extra_info("ssl_object") is not None)
            writer.write(_AUTHENTICATED + _VERSION + _READY)
            await reader.read()
        writer.close()

    async def _message(self, reader: asyncio.StreamReader) -> bytes:
        return await reader.readexactly(int.from_bytes(await reader.readexactly(4)) - 4)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a self-signed certificate for localhost, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + _HOUR)
    for extension, critical in _extensions(key.public_key()):
        builder = builder.add_extension(extension, critical)
    pem = tmp_path_factory.mktemp("certificate") / "localhost.pem"
    pem.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM) + _unencrypted(key))
    return pem


def _extensions(key: ec.EllipticCurvePublicKey) -> list[tuple[x509.ExtensionType, bool]]:
    identifier = x509.SubjectKeyIdentifier.from_public_key(key)
    uses = dict.fromkeys(_USES, False) | {"key_cert_sign": True, "digital_signature": True}
    return [
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (x509.KeyUsage(**uses), True),
        (x509.SubjectAlternativeName([x509.DNSName("localhost")]), False),
        (identifier, False),
        (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), False),
    ]


def _unencrypted(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@asynccontextmanager
async def serving(certificate: Path | None) -> AsyncIterator[tuple[Server, int]]:
    context = SSLContext(PROTOCOL_TLS_SERVER) if certificate else None
    if context and certificate:
        context.load_cert_chain(certificate)
    server = Server(context)
    async with await asyncio.start_server(server.serve, "127.0.0.1") as listening:
        yield server, listening.sockets[0].getsockname()[1]


async def connect(url: str) -> None:
    """Connect as the application does."""
    connection = await asyncpg.connect(**DatabaseUrl.parse(url).connect_arguments, timeout=5)
    connection.terminate()


@pytest.mark.req("RUN-FR-009")
@pytest.mark.parametrize(
    ("query", "encrypted"),
    [("", True), ("sslmode=prefer", True), ("sslmode=require", True), ("sslmode=disable", False)],
)
async def test_a_self_signed_certificate_is_enough_to_encrypt(
    certificate: Path, query: str, *, encrypted: bool
) -> None:
    async with serving(certificate) as (server, port):
        await connect(f"postgresql://somebody@localhost:{port}/tasks?{query}")
        assert server.encrypted == [encrypted]


@pytest.mark.req("RUN-FR-009")
@pytest.mark.parametrize(
    "query", ["sslmode=verify-ca", "sslmode=verify-full", "sslmode=require&channel_binding=require"]
)
async def test_an_untrusted_certificate_is_refused_if_sslmode_verifies_it(certificate: Path, query: str) -> None:
    async with serving(certificate) as (server, port):
        with pytest.raises(SSLCertVerificationError):
            await connect(f"postgresql://somebody@localhost:{port}/tasks?{query}")
        assert server.encrypted == []


@pytest.mark.req("RUN-FR-009")
@pytest.mark.parametrize(
    ("query", "host", "accepted"),
    [
        ("sslmode=verify-full&sslrootcert={}", "localhost", True),
        ("sslmode=verify-full&sslrootcert={}", "127.0.0.1", False),
        ("sslmode=verify-ca&sslrootcert={}", "127.0.0.1", True),
        ("sslmode=require&sslrootcert={}", "127.0.0.1", True),
        ("sslmode=require&channel_binding=require&sslrootcert={}", "localhost", True),
        ("sslmode=require&channel_binding=require&sslrootcert={}", "127.0.0.1", False),
    ],
)
async def test_a_trusted_certificate_must_name_this_host(
    certificate: Path, query: str, host: str, *, accepted: bool
) -> None:
    async with serving(certificate) as (server, port):
        with nullcontext() if accepted else pytest.raises(SSLCertVerificationError):
            await connect(f"postgresql://somebody@{host}:{port}/tasks?{query.format(certificate)}")
        assert server.encrypted == [True] * accepted


@pytest.mark.req("RUN-FR-008", "RUN-FR-009")
async def test_a_url_from_neon_trusts_the_authorities_of_the_system(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with serving(certificate) as (server, port):
        await connect(f"postgres://owner:hunter2@localhost:{port}/neondb?sslmode=require&channel_binding=require")
        assert server.encrypted == [True]


@pytest.mark.req("RUN-FR-009")
@pytest.mark.parametrize(
    "query", ["sslmode=require", "sslmode=verify-ca", "sslmode=verify-full", "channel_binding=require"]
)
async def test_a_server_without_tls_is_refused_if_sslmode_requires_it(query: str) -> None:
    async with serving(None) as (server, port):
        with pytest.raises(ConnectionError):
            await connect(f"postgresql://somebody@localhost:{port}/tasks?{query}")
        await connect(f"postgresql://somebody@localhost:{port}/tasks?sslmode=prefer")
        assert server.encrypted == [False]
