"""An OCI archive, read as an engine reads it."""

import hashlib
import io
import json
import tarfile


class Image:
    def __init__(self, path):
        with tarfile.open(path) as archive:
            self.blobs = {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}
        index = json.loads(self.blobs["index.json"])
        (self.descriptor,) = index["manifests"]
        manifest = self.json(self.descriptor)
        self.annotations = manifest.get("annotations", {})
        self.description = self.json(manifest["config"])
        self.config = self.description["config"]
        self.layers = [self.blob(layer) for layer in manifest["layers"]]

    def blob(self, descriptor):
        algorithm, _, digest = descriptor["digest"].partition(":")
        content = self.blobs[f"blobs/{algorithm}/{digest}"]
        if hashlib.new(algorithm, content).hexdigest() != digest or len(content) != descriptor["size"]:
            raise ValueError(f"{descriptor['digest']} is damaged")
        return content

    def json(self, descriptor):
        return json.loads(self.blob(descriptor))

    def members(self):
        """{path: (kind, mode, user, group)}"""
        found = {}
        for layer in self.layers:
            with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
                for member in archive:
                    kind = "folder" if member.isdir() else "file" if member.isfile() else "other"
                    found[member.name] = (kind, oct(member.mode & 0o7777), member.uid, member.gid)
        return found

    def unpack(self, folder):
        for layer in self.layers:
            with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
                archive.extractall(folder, numeric_owner=True)

    @property
    def user(self):
        return int(self.config["User"].split(":")[0])

    @property
    def command(self):
        return [*self.config["Entrypoint"], *self.config["Cmd"]]

    @property
    def environment(self):
        return dict(variable.split("=", 1) for variable in self.config["Env"])
