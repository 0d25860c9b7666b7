"""Pictures signed with C2PA, by a certificate of our own making."""

import io
import json
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ISSUER = "Newsroom of Nowhere"
_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


@cache
def chain(issuer: str = ISSUER) -> tuple[bytes, bytes, bytes]:
    """Return a signer's certificate with its root's behind it, the signer's key, and the root's certificate."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _certificate(issuer, "root", root_key, issuer, "root", root_key, authority=True)
    leaf = _certificate(issuer, "signer", key, issuer, "root", root_key, authority=False)
    pem = root.public_bytes(Encoding.PEM)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return leaf.public_bytes(Encoding.PEM) + pem, private, pem


def _name(organisation: str, common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def _certificate(
    organisation: str,
    common: str,
    key: ec.EllipticCurvePrivateKey,
    by_organisation: str,
    by: str,
    by_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    wanted = {"key_cert_sign", "crl_sign"} if authority else {"digital_signature"}
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(organisation, common))
        .issuer_name(_name(by_organisation, by))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**{usage: usage in wanted for usage in _USAGES}), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by_key.public_key()), critical=False)
    )
    if not authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    return builder.sign(by_key, SHA256())


def signed(picture: bytes, mime: str, *, remote: str | None = None, embedded: bool = False) -> bytes:
    """Return the picture with a manifest in it, with the address of one, or with both."""
    import c2pa

    certificates, key, _ = chain()
    manifest = {
        "claim_generator_info": [{"name": "Test Press", "version": "1.0"}],
        "title": "A picture",
        "assertions": [
            {
                "label": "c2pa.actions",
                "data": {
                    "actions": [
                        {
                            "action": "c2pa.created",
                            "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
                        },
                        {"action": "c2pa.cropped"},
                    ]
                },
            }
        ],
    }
    settings = {
        "verify": {"remote_manifest_fetch": False, "verify_after_sign": False},
        "builder": {"thumbnail": {"enabled": False}},
    }
    made = io.BytesIO()
    info = c2pa.C2paSignerInfo(b"es256", certificates, key, None)
    with (
        c2pa.Context.from_dict(settings) as context,
        c2pa.Signer.from_info(info) as signer,
        c2pa.Builder.from_json(json.dumps(manifest), context=context) as builder,
    ):
        if remote is not None:
            builder.set_remote_url(remote)
            if not embedded:
                builder.set_no_embed()
        builder.sign(signer, mime, io.BytesIO(picture), made)
    return made.getvalue()
