"""Attacks one street scene and prints what the attack did to every task.

Usage: python3 attack.py ADDRESS SCENES    (stubs of proto/ on PYTHONPATH; see the README)
"""
import sys

import grpc
from robustgate.v1 import attack_pb2, example_pb2, robustness_service_pb2_grpc

address, scenes = sys.argv[1:]


def read(folder, suffix):
    with open(f"{scenes}/{folder}/val/street/street_000003_000000_{suffix}.png", "rb") as file:
        return file.read()


def label(data):
    return example_pb2.Label(png=example_pb2.PngLabel(data=data))


example = example_pb2.Example(
    key="street-3",
    encoded_image=read("leftImg8bit", "leftImg8bit"),
    labels={
        "segmentation": label(read("gtFine", "gtFine_trainIds")),
        "depth": label(read("disparity", "disparity")),
    },
)
request = attack_pb2.AttackRequest(
    model_name="street",
    examples=[example],
    attack=attack_pb2.AttackParameters(name="pgd", epsilon=4, steps=10),
    seed=1,
)

with grpc.insecure_channel(address) as channel:
    gateway = robustness_service_pb2_grpc.RobustnessServiceStub(channel)
    for response in gateway.Attack(request, timeout=60):
        event = response.WhichOneof("event")
        if event == "started":
            print(response.started.spec_text)
        elif event == "progress" and response.progress.step:
            print(f"step {response.progress.step} of {response.progress.steps}", file=sys.stderr)
        elif event == "result":
            for task in response.result.tasks:
                clean, adversarial = task.clean, task.adversarial
                print(f"{task.task} {clean.name}: {clean.value:.4f} -> {adversarial.value:.4f} {clean.unit}".rstrip())
