"""How the layer reaches Redis: encrypted payloads, TLS, a socket in the file system."""

import asyncio
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

from project.local.redis_server import find_binary
from tests.layer.waiting import until
from tests.support.waiting import wait_until

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


async def speak(layer, other):
    """Both ways of publishing arrive; returns what came."""
    loop_layer = layer.of_running_loop()
    got = []
    channel = loop_layer.new_name()
    loop_layer.attach(channel, lambda message: got.append(message["number"]))
    await loop_layer.subscribe_group("group", channel)
    await asyncio.to_thread(other.publish, "group", {"number": 1})
    await other.group_send("group", {"number": 2})
    await until(lambda: got == [1, 2])
    return got


async def test_encrypted(make_layer, redis_server):
    """With keys that are being changed: what the old one wrote can still be read."""
    layer = make_layer(symmetric_encryption_keys=[NEW, OLD])
    other = make_layer(symmetric_encryption_keys=[OLD])
    with redis_server.client() as client, client.pubsub() as listener:
        listener.subscribe(layer.group_name("group"))
        wait_until(listener.get_message)
        got = await speak(layer, other)
        payload = wait_until(listener.get_message)["data"]
    assert b"number" not in payload
    # Somebody without the key says nothing that is heard, and does no harm.
    make_layer().publish("group", {"number": 3})
    make_layer(symmetric_encryption_keys=[Fernet.generate_key()]).publish("group", {"number": 4})
    other.publish("group", {"number": 5})
    await until(lambda: got == [1, 2, 5])


@pytest.fixture
def certificate(tmp_path):
    """One that signs itself, for 127.0.0.1: the files of certificate and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "certificate.pem", tmp_path / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


async def pass_on(reader, writer):
    """Until one side ends."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except (ConnectionError, asyncio.CancelledError):
        pass
    finally:
        writer.close()


async def test_tls(make_layer, redis_server, certificate):
    """Through something that ends TLS before a Redis, as hosted ones have it."""
    redis = urlsplit(settings.REDIS_URL)
    connected = []

    async def serve(reader, writer):
        connected.append(writer.get_extra_info("ssl_object").version())
        inside = await asyncio.open_connection(redis.hostname, redis.port)
        await asyncio.gather(pass_on(reader, inside[1]), pass_on(inside[0], writer))

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    server = await asyncio.start_server(serve, "localhost", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    address = f"rediss://:{redis.password}@localhost:{port}"
    host = {"address": address, "ssl_ca_certs": str(certificate[0])}
    layer, other = make_layer(hosts=[host]), make_layer(hosts=[host])
    await speak(layer, other)
    assert len(connected) >= 3
    await layer.flush()
    await other.flush()
    server.close()


@pytest.fixture
def redis_socket(tmp_path):
    """The path of the socket of a Redis that has no port."""
    path = tmp_path / "redis.sock"
    command = [find_binary(), "--port", "0", "--unixsocket", str(path), "--save", ""]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    wait_until(path.exists)
    yield path
    server.kill()
    server.wait()


async def test_a_socket_in_the_file_system(make_layer, redis_socket):
    layer, other = (make_layer(hosts=[f"unix://{redis_socket}"]) for _ in range(2))
    await speak(layer, other)
    await layer.flush()
    await other.flush()
